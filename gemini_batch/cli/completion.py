"""``completion``: let a shell complete the words of this command."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from .arguments import example

PROGRAM = "gemini-batch"
VARIABLE = "_GEMINI_BATCH_COMPLETE"
"""By which the script of a shell asks for words."""


@click.command(
    "completion",
    short_help="Let your shell complete its words.",
    epilog=example(
        "gemini-batch completion bash >> ~/.bashrc",
        "gemini-batch completion zsh >> ~/.zshrc",
        "gemini-batch completion fish > ~/.config/fish/completions/gemini-batch.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that has SHELL complete the commands and options of gemini-batch."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"there is no completion for {shell}")
    root = context.find_root().command
    click.echo(found(root, {}, PROGRAM, VARIABLE).source())

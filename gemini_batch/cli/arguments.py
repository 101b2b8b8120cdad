"""The options that many commands have, declared once."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

import click

from .endings import Exit
from .options import Options, Target

Command: TypeAlias = Callable[..., Exit]
"""The work of a command, given its options."""

Callback: TypeAlias = Callable[..., None]
"""What click calls, with each option by its name."""


class Seconds(click.FloatRange):
    """A length of time, which a wait can come to the end of."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Refuse what is no number, and numbers that are none of seconds."""
        seconds = float(super().convert(value, param, ctx))
        if not math.isfinite(seconds):
            self.fail(f"{value} is not a number of seconds.", param, ctx)
        return seconds


def told(command: Command) -> Callback:
    """Add the options that every command has, and end with the status it returns.

    This goes below the other options, which it gathers for the command.
    """

    @click.option("-q", "--quiet", is_flag=True, help="Print what was asked for and no more.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
    @wraps(command)
    def ended(
        *,
        as_json: bool,
        quiet: bool,
        poll_interval: float | None = None,
        base_url: str | None = None,
        emulator: bool = False,
        **own: Any,
    ) -> None:
        context = click.get_current_context()
        options = Options(base_url, emulator, as_json, quiet, poll_interval, context.obj)
        context.exit(command(options, **own))

    return ended


def waiting(command: Callback) -> Callback:
    """Add the option that says how often to look at a batch."""
    return click.option(
        "--poll-interval",
        type=Seconds(min=0, min_open=True),
        metavar="SECONDS",
        help="Look at the batch this often, instead of less and less often, up to once a minute.",
    )(command)


def remote(command: Callback) -> Callback:
    """Add the option that says where the service is."""
    return click.option(
        "--base-url", metavar="URL", help="Where the API is, if not at Google's own address."
    )(command)


def emulated(command: Callback) -> Callback:
    """Add the option to do without the service, for what needs nothing that is there already."""
    return click.option(
        "--emulator", is_flag=True, help="Start the service on this machine, for this command."
    )(command)


def to_file(command: Callback) -> Callback:
    """Add the options that say where answers go."""

    @click.option(
        "-o", "--output", required=True, metavar="OUTPUT", help="Where to save; - is stdout."
    )
    @click.option("--force", is_flag=True, help="Overwrite OUTPUT if it exists.")
    @wraps(command)
    def targeted(*, output: str, force: bool, **own: Any) -> None:
        command(target=Target(output, force), **own)

    return targeted


def limited(command: Callback) -> Callback:
    """Add the option that says how much of a list is enough."""
    return click.option(
        "--limit", type=click.IntRange(min=1), metavar="N", help="Print no more than the newest N."
    )(command)


def example(*lines: str) -> str:
    """Return the end of a help text that shows a command at work, as it would be typed."""
    heading = "Example" if len(lines) == 1 else "Examples"
    return "\n".join(("\b", f"{heading}:", *(f"  {line}" for line in lines)))

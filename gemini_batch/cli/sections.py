"""Groups of commands whose help has sections."""

from __future__ import annotations

from typing import Any

import click


class Sections(click.Group):
    """A group that shows its commands under headings, in the order in which they came."""

    def __init__(self, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self._sections: dict[str, list[str]] = {}

    def section(self, heading: str, *commands: click.Command) -> None:
        """Add commands under a heading."""
        for command in commands:
            self.add_command(command)
            self._sections.setdefault(heading, []).append(command.name or "")

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in their order, not that of the alphabet."""
        del ctx
        return [name for names in self._sections.values() for name in names]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections, with a line for each command."""
        del ctx
        longest = max(map(len, self.commands), default=0)
        width = formatter.width - longest - 6
        for heading, names in self._sections.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [
                        (name.ljust(longest), self.commands[name].get_short_help_str(width))
                        for name in names
                    ]
                )

"""The targets by their names, and what each of them starts from."""

from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import frozen

from tests.fuzz import codec, index, lines
from tests.fuzz.mutation import Mutation

FOUND = Path(__file__).parent / "found"
"""Inputs that once failed, each in a file of its target's folder, and are tried ever after."""


@frozen
class Target:
    """Code that reads what others wrote: what is asked of it for an input, and the first inputs.

    ``longest`` bounds an input, in bytes: more of it would take time and show nothing new.
    """

    name: str
    check: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]
    mutation: Mutation
    longest: int

    def starts(self) -> Iterator[bytes]:
        """Yield the inputs to start from: those made here, and those found."""
        yield from self.seeds()
        for path in self.found():
            yield path.read_bytes()

    def found(self) -> list[Path]:
        """Return the files of what was found."""
        return sorted(path for path in (FOUND / self.name).glob("*") if path.is_file())


TARGETS = {
    target.name: target
    for target in (
        Target("lines", lines.check, lines.seeds, Mutation(lines.HEADER, lines.WORDS), 1024),
        Target("index", index.check, index.seeds, Mutation(index.HEADER, index.WORDS), 1024),
        Target("codec", codec.check, codec.seeds, Mutation(codec.HEADER, codec.WORDS), 4096),
    )
}

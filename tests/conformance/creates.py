"""How many creates the service acted on, by the fault that met them: a table for people."""

from collections.abc import Iterable, Iterator

from tests.conformance.facades import FACADES

CREATES = "creates"
"""The property of a test that tells its fault, its facade, and how many creates were acted on."""


def table_of(counts: Iterable[tuple[str, str, int]]) -> Iterator[str]:
    """Return the lines of the table, the fewest creates first; none if nothing was counted.

    Each cell holds the different counts that its rows came to, which is one where a fault comes to
    the same whatever else goes wrong.
    """
    found: dict[str, dict[str, list[int]]] = {}
    for fault, facade, count in counts:
        cells = found.setdefault(fault, {name: [] for name in FACADES})
        cells[facade].append(count)
    if not found:
        return
    title = "creates acted on after"
    width = max(map(len, [title, *found]))
    heads = "".join(f"{name:>8}" for name in FACADES)
    yield f"{title:{width}}{heads}{'rows':>8}"
    for fault, cells in sorted(found.items(), key=lambda entry: (max(_all(entry[1])), entry[0])):
        told = "".join(f"{_told(cell):>8}" for cell in cells.values())
        yield f"{fault:{width}}{told}{len(_all(cells)):>8}"


def _all(cells: dict[str, list[int]]) -> list[int]:
    return [count for cell in cells.values() for count in cell]


def _told(cell: list[int]) -> str:
    return ", ".join(map(str, sorted(set(cell)))) or "-"

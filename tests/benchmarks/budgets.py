"""What is measured, against what, and how much it may be: a row of the table each."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from attrs import field, frozen

_BUDGET = re.compile(r"(?P<sense>[≤≥]) (?P<limit>\d+(\.\d+)?) (?P<unit>\S+)")
_SENSES: dict[str, Callable[[float, float], bool]] = {"≤": operator.le, "≥": operator.ge}


@frozen
class Budget:
    """How much a figure may be: at most (``≤``) or at least (``≥``) so many of a unit."""

    sense: str
    limit: float
    unit: str

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Read a budget such as ``≤ 0.6 ×``."""
        found = _BUDGET.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no budget")
        return cls(found["sense"], float(found["limit"]), found["unit"])

    def holds(self, figure: float) -> bool:
        """Tell whether a figure is within the budget."""
        return _SENSES[self.sense](figure, self.limit)

    def __str__(self) -> str:
        return f"{self.sense} {self.limit:g} {self.unit}"


@frozen
class Row:
    """One line of the table.

    ``measure`` is the function that measures it, by its module here; without one there is nothing
    to measure yet, and ``note`` says why. A row without a budget informs. Where the budget depends
    on the size of what is measured, ``budget`` says how, and the figure comes with its limit.
    ``excuse`` is why no more can be had, where a budget is known to be missed.
    """

    id: str
    work: str
    yardstick: str
    budget: str
    measure: str
    note: str = ""
    excuse: str = ""
    unit: str = "×"
    by_size: bool = field(default=False, kw_only=True)

    @property
    def limit(self) -> Budget | None:
        """What the figure may be, unless that depends on the size, or nothing is asked."""
        return Budget.parse(self.budget) if self.budget and not self.by_size else None


_LINE = "orjson.loads of every line"
_GOOGLE = "google-genai: all typed and sorted"
_BARE = "import google.genai, both over bare Python"
_MEMORY = "≤ 24 MB + 24 B a line"
_NAMED = "≤ 24 MB + 160 B + 2 × key bytes a line"
_SENT = "≤ 64 MB + 16 B a request"
_STRUCTS = "msgspec on bare Structs"

ROWS = (
    # Opening a results file
    Row(
        "open-integers",
        "open a results file, dense integer keys",
        _LINE,
        "≤ 0.6 ×",
        "opening.keys",
        excuse="`open-floor` is what the parser takes; the rest, 0.6 µs a line, is to hold that it "
        "is UTF-8 and has one key, and to note its key, kind, place and order",
    ),
    Row("open-names", "the same, keys like row-123", _LINE, "≤ 1.3 ×", "opening.keys"),
    Row("open-uuids", "the same, UUIDs", _LINE, "≤ 3.5 ×", "opening.keys"),
    Row("open-paths", "the same, paths", _LINE, "≤ 3.5 ×", "opening.keys"),
    Row(
        "open-floor",
        "read such a file, find the ends of lines, and let msgspec take the keys; nothing is kept",
        _LINE,
        "",
        "floors.floors",
    ),
    Row("first-integers", "open, sort, first item: integers", _GOOGLE, "≥ 25 ×", "opening.first"),
    Row("first-names", "the same, keys like row-123", _GOOGLE, "≥ 10 ×", "opening.first"),
    Row("first-uuids", "the same, UUIDs", _GOOGLE, "≥ 10 ×", "opening.first"),
    Row(
        "typed-google",
        "open, then iterate everything typed in key order",
        _GOOGLE,
        "≥ 6 ×",
        "opening.typed_by_google",
    ),
    Row(
        "typed-orjson",
        "the same",
        f"{_LINE}, untyped",
        "≤ 2.5 ×",
        "opening.typed",
        excuse="the sum of `open-integers` and `iterate-text`",
    ),
    Row("typed-names", "the same, keys like row-123", f"{_LINE}, untyped", "", "opening.typed"),
    Row(
        "typed-members",
        "the same, every member of every answer touched (integers)",
        f"{_LINE}, untyped",
        "",
        "opening.typed",
    ),
    Row(
        "gigabyte-time",
        "open, then iterate everything typed: 1 000 000 lines, 1 GB",
        _GOOGLE,
        "≥ 15 ×",
        "gigabyte.measure",
    ),
    Row(
        "gigabyte-memory",
        "the same: peak memory over imports",
        _GOOGLE,
        "≤ 0.01 ×",
        "gigabyte.measure",
    ),
    # Iterating, with open excluded
    Row(
        "iterate-text",
        "iterate typed, open excluded: 1 KB text",
        _LINE,
        "≤ 2 ×",
        "shapes.text",
        excuse="`iterate-floor` is what reading a line and the parser take; the rest, some 2 µs a "
        "line, is the item, its answer, its text, and the loop around them",
    ),
    Row("iterate-long", "the same: 20 KB text", _LINE, "≤ 1.3 ×", "shapes.long"),
    Row(
        "iterate-embeddings",
        "the same: 768 floats",
        _LINE,
        "≤ 1.4 ×",
        "shapes.embeddings",
        excuse="msgspec by itself takes 1.13 × as long as orjson for so many numbers, and reading "
        "the lines 0.19 ×",
    ),
    Row("iterate-images", "the same: 2-4 MB images", _LINE, "≤ 0.8 ×", "shapes.images"),
    Row(
        "iterate-floor",
        "read each line of 1 KB by itself, and let msgspec decode it; nothing is made of it",
        _LINE,
        "",
        "floors.floors",
    ),
    # Memory and growth
    *(
        Row(
            f"memory-{keys}-{size}",
            f"peak memory over imports, open and iterate {lines} lines, {keys}",
            "-",
            budget,
            f"growth.{keys}",
            unit="MB",
            by_size=True,
        )
        for keys, budget in (("integers", _MEMORY), ("names", _NAMED))
        for size, lines in (("200k", "200 000"), ("1m", "1 000 000"), ("5m", "5 000 000"))
    ),
    Row(
        "growth-integers",
        "time a line, open and iterate 5 000 000 lines, integers",
        "10 000 lines",
        "≤ 1.3 ×",
        "growth.integers",
        excuse="`growth-floor` is how much longer it takes to read a line of a file that is larger "
        "than the processor's caches; finding its place, in an index that is, too, is the rest",
    ),
    Row("growth-names", "the same, keys like row-123", "10 000 lines", "≤ 1.6 ×", "growth.names"),
    Row(
        "growth-floor",
        "read each line of 5 000 000 by itself in key order; nothing is made of it",
        "10 000 lines",
        "",
        "floors.growth",
    ),
    # Over the network
    Row(
        "first-result-sync",
        "download to first sorted result over loopback, 200 MB, sync",
        "google-genai: downloaded, all typed and sorted",
        "≥ 20 ×",
        "download.first_result",
    ),
    Row(
        "first-result-async",
        "the same, async",
        "google-genai: downloaded, all typed and sorted",
        "≥ 20 ×",
        "download.first_result",
    ),
    *(
        Row(
            f"first-memory-{way}",
            f"the same, {way}: peak memory over imports",
            "google-genai: downloaded, all typed and sorted",
            "≤ 0.05 ×",
            "download.first_result",
        )
        for way in ("sync", "async")
    ),
    *(
        Row(
            f"stream-{way}",
            f"first item of stream_results(), {way}: lines that had been sent",
            "arrival of the first line",
            "≤ 1 lines",
            "streaming.first_item",
            unit="lines",
        )
        for way in ("sync", "async")
    ),
    *(
        Row(
            f"stall-{keys}",
            "longest stall of the event loop, while a million-line result is fetched and sorted, "
            f"{keys}",
            "the same loop at rest, subtracted",
            "≤ 50 ms",
            f"stall.{keys}",
            unit="ms",
        )
        for keys in ("integers", "names")
    ),
    *(
        Row(
            f"disk-{way}",
            f"download to disk over loopback, 1 GB, {way}: MB/s",
            "curl -o",
            "≥ 0.8 ×",
            "download.to_disk",
        )
        for way in ("sync", "async")
    ),
    # Requests
    Row(
        "encode-google",
        "encode requests → JSONL, with one instruction and one config for all (ours checks them, "
        "looks for keys that come twice, digests and spools as well)",
        "google-genai objects → model_dump → json.dumps",
        "≥ 4 ×",
        "encoding.encode",
    ),
    Row(
        "encode-msgspec",
        "the same",
        _STRUCTS,
        "≤ 3 ×",
        "encoding.encode",
    ),
    Row(
        "encode-apart",
        "the same, each request with an instruction and a config object of its own",
        _STRUCTS,
        "",
        "encoding.encode",
    ),
    Row(
        "encode-shared",
        "the same, texts with instruction and config as defaults",
        _STRUCTS,
        "",
        "encoding.encode",
    ),
    Row(
        "encode-texts",
        "texts alone → JSONL",
        _STRUCTS,
        "",
        "encoding.encode",
    ),
    *(
        Row(
            f"upload-{kind}-{size}",
            f"encode + upload {count} requests from a generator, {words}: peak memory over imports",
            "-",
            _SENT,
            f"uploading.{kind}",
            unit="MB",
            by_size=True,
        )
        for kind, words in (("numbered", "numbered"), ("keyed", "with keys of their own"))
        for size, count in (("100k", "100 000"), ("1m", "1 000 000"))
    ),
    # Waiting
    Row(
        "poll-sync",
        "one status poll, CPU, sync",
        "google-genai, sync",
        "≤ 1.3 ×",
        "polling.one_sync",
    ),
    Row(
        "poll-async",
        "one status poll, CPU, async",
        "google-genai, async",
        "≤ 0.5 ×",
        "polling.one_async",
    ),
    Row(
        "handles-one",
        "1 000 handles waited on in one async process, CPU a look",
        "1 handle",
        "≤ 1.3 ×",
        "polling.many",
    ),
    Row("handles-250", "the same", "250 handles", "≤ 1.3 ×", "polling.many"),
    Row(
        "handles-tasks",
        "the same, each by a task of its own (gather of wait())",
        "250 handles",
        "≤ 1.3 ×",
        "polling.tasks",
    ),
    Row(
        "handles-threads",
        "the same: threads of the process, its own pool of at most 32 among them",
        "-",
        "≤ 33 threads",
        "polling.tasks",
        unit="threads",
    ),
    # Imports
    Row("import-package", "import gemini_batch, CPU", _BARE, "≤ 0.1 ×", "imports.measure"),
    Row("import-sync", "import SyncBatchClient, CPU", _BARE, "≤ 0.4 ×", "imports.measure"),
    Row("import-async", "import AsyncBatchClient, CPU", _BARE, "≤ 0.55 ×", "imports.measure"),
    # Durable runs
    Row(
        "run",
        "a run of 1 000 000 requests over the emulator: its ledger",
        "CPU of the client",
        "≤ 0.25 ×",
        "",
        "not built yet: there are no durable runs",
    ),
)


def rows_named(wanted: list[str]) -> list[Row]:
    """Return the rows whose names begin as one of these does; all of them where none is given."""
    unknown = [name for name in wanted if not any(row.id.startswith(name) for row in ROWS)]
    if unknown:
        raise ValueError(f"no row is called {', '.join(unknown)}: {', '.join(r.id for r in ROWS)}")
    if not wanted:
        return list(ROWS)
    return [row for row in ROWS if any(row.id.startswith(name) for name in wanted)]

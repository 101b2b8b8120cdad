"""The targets of the fuzzer hold without it, for what they start from and what was found.

And they can fail: each defect below is one that a target exists to find.
"""

import random
import re
import subprocess
from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from attrs import evolve
from hypothesis import given, settings, strategies as st

from gemini_batch import (
    arrangement,
    codec,
    index,
    items,
    keys,
    order,
    plain,
    rawjson,
    results,
)
from gemini_batch.codec import reading
from gemini_batch.jsonl import LineSplitter
from gemini_batch.models.base import Timestamp
from gemini_batch.results import BatchResults
from tests.fuzz import run
from tests.fuzz.oracle import grammatical, loose, spelled, strict
from tests.fuzz.targets import FOUND, TARGETS, Target

NAMES = sorted(TARGETS)
CHANGES = 3
"""Changes that are made to each of the first inputs when a defect is looked for."""


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Change some bytes without regard to what they mean."""
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def variants(target: Target) -> Iterator[bytes]:
    """Yield what a target starts from, and changes to it that are the same in every run."""
    chance = random.Random(target.name)
    for start in target.starts():
        yield start
        data = start
        for _ in range(CHANGES):
            data = target.mutation.change(
                data, target.longest, chance, lambda whole: damaged(whole, chance)
            )
            yield data


# What holds


@pytest.mark.parametrize("name", NAMES)
def test_a_target_holds_for_what_it_starts_from(name: str) -> None:
    """The first inputs and their like, and all that was ever found."""
    target = TARGETS[name]
    tried = 0
    for data in variants(target):
        target.check(data)
        tried += 1
    assert 4 * len([*target.starts()]) == tried


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(NAMES), st.binary(max_size=120))
def test_a_target_holds_for_any_bytes(name: str, data: bytes) -> None:
    """An input is never too odd to be judged."""
    TARGETS[name].check(data)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(NAMES), st.integers(0, 1000), st.integers(0), st.integers(1, 6))
def test_a_target_holds_for_what_the_fuzzer_would_try(
    name: str, start: int, seed: int, rounds: int
) -> None:
    """Changes upon changes, made as they are under the fuzzer."""
    target, chance = TARGETS[name], random.Random(seed)
    starts = [*target.starts()]
    data = starts[start % len(starts)]
    for _ in range(rounds):
        data = target.mutation.change(
            data, target.longest, chance, lambda whole: damaged(whole, chance)
        )
        assert len(data) <= target.longest
    target.check(data)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_chance_makes_the_same_change(name: str) -> None:
    """So that what was found can be found again."""
    assert [*variants(TARGETS[name])] == [*variants(TARGETS[name])]


def test_what_was_found_belongs_to_a_target() -> None:
    """A file beside the folders of the targets would never be tried."""
    assert {path.name for path in FOUND.iterdir()} <= {*TARGETS}
    assert all(target.found() for target in TARGETS.values() if (FOUND / target.name).exists())


# What fails


def lossy(end: Any) -> Any:
    """Forget the end of a line where it stands."""
    return lambda self, ended_by: end(self, 0 * ended_by)


def without_limit(keep: Any) -> Any:
    """Keep a line however long it is."""

    def kept(self: LineSplitter, piece: bytes, start: int, end: int) -> None:
        keep(self, piece, start, end)
        self._begun += piece[start:end] if self._length > self._max_line else b""

    return kept


def cut_elsewhere(feed: Any) -> Any:
    """End lines where a text may end its own."""
    return lambda self, piece: feed(self, piece.replace(b"\x0b", b"\n"))


def as_text(_: Any) -> Any:
    """Order keys as text."""
    return lambda keys: [b"\1" + key.encode("utf-8", "surrogatepass") for key in keys]


def with_zeros(_: Any) -> Any:
    """Take a number for one that is written in another way."""
    return lambda keys, name="": (
        [int(key) for key in keys] if not name and all(map(str.isdecimal, keys)) else None
    )


def placed_once(read: Any) -> Any:
    """Forget that a place may be taken."""
    return lambda self, places, low, empty, _: read(self, places, low, empty, 0)


def preferring_answers(opened: Any) -> Any:
    """Prefer an answer to an error."""

    def preferred(text: bytes | None, key_member: str = "key") -> index.Envelope:
        found: index.Envelope = opened(text, key_member)
        return evolve(found, error=index._NOTHING) if bytes(found.response) else found

    return preferred


def trusting(match: Any) -> Any:
    """Take what has no key for the answer at its place."""
    return lambda self, ordinal, key: match(self, ordinal, str(ordinal) if key is None else key)


def finding_the_last(find: Any) -> Any:
    """Find the last result of a key."""

    def found(self: BatchResults[Any], key: str) -> int | None:
        again = [one for one in self._index.duplicates if self.at(one).key == key]
        ordinal: int | None = find(self, key)
        return again[-1] if again else ordinal

    return found


def shifting(covered: Any) -> Any:
    """Return JSON of another length than that in whose place it stands."""
    return lambda text: covered(text).replace(b" ", b"")


def hasty(_: Any) -> Any:
    """Take any answer for an empty one."""

    class Readers(dict[Any, Any]):
        def __missing__(self, kind: type[Any]) -> Any:
            return SimpleNamespace(answer=lambda _: kind())

    return Readers()


def forgetful(unstructure: Any) -> Any:
    """Write only the members that are known."""
    return lambda model: {
        name: value for name, value in unstructure(model).items() if name not in model.extra
    }


DEFECTS = [
    ("lines", "the_end_of_a_line_is_not_counted", LineSplitter, "_end", lossy),
    ("lines", "the_last_line_is_lost", LineSplitter, "finish", lambda _: lambda _: iter(())),
    ("lines", "no_line_is_too_long", LineSplitter, "_keep", without_limit),
    ("lines", "a_line_ends_elsewhere", LineSplitter, "feed", cut_elsewhere),
    ("lines", "the_mark_stays", index, "BOM", lambda _: b"\xff\xfe"),
    ("lines", "lines_are_miscounted", index, "bisect_right", lambda _: bisect_left),
    ("index", "a_second_key_is_overlooked", index, "_has_two_keys", lambda _: lambda _: False),
    ("index", "an_escaped_key_is_overlooked", plain, "_ESCAPED_LETTERS", lambda _: ()),
    ("index", "a_second_key_is_no_longer", plain, "_TWO_KEYS", lambda most: most + 4),
    ("index", "null_is_an_answer", plain, "_NULL", lambda _: 0),
    ("index", "any_bytes_are_text", plain, "_is_text", lambda _: lambda _: True),
    ("index", "zeros_may_lead", arrangement, "numbers_of", with_zeros),
    ("index", "two_may_have_one_place", arrangement.Numbers, "_read", placed_once),
    ("index", "a_zero_too_many_comes_last", order, "_CANONICAL", lambda _: b"\0"),
    ("index", "keys_are_ordered_as_text", arrangement, "sort_keys", as_text),
    ("index", "an_answer_wins", index, "open_envelope", preferring_answers),
    ("index", "a_position_is_trusted", index.Indexer, "_match", trusting),
    ("index", "the_last_of_two_is_found", BatchResults, "_find", finding_the_last),
    ("index", "an_escape_is_shown", items, "printable", lambda _: str),
    ("index", "what_is_missing_is_no_error", results, "_LOST", lambda _: b'"response":{}'),
    ("index", "numbers_are_not_positions", keys, "_NUMBER", lambda _: re.compile("0")),
    ("codec", "unknown_members_are_lost", codec, "unstructure", forgetful),
    ("codec", "times_are_rounded", Timestamp, "rfc3339", lambda _: property(datetime.isoformat)),
    ("codec", "an_integer_has_any_size", reading, "_INT64", lambda _: range(-(2**99), 2**99)),
    ("codec", "another_error_is_raised", reading, "expected", lambda _: lambda *_: KeyError()),
    ("codec", "nan_is_taken", rawjson, "_not_json", lambda _: float),
    ("codec", "infinity_is_taken", rawjson, "_finite", lambda _: float),
    ("codec", "null_is_a_member", rawjson, "_NULL", lambda _: msgspec.Raw(b"nil")),
    ("codec", "parts_are_misplaced", rawjson, "_without_surrogates", shifting),
    ("codec", "compact_is_not", rawjson, "compact", lambda _: bytes),
    ("codec", "an_answer_is_taken_unread", codec, "READERS", hasty),
]
"""The target that is to find it, what is wrong, and what is put in the place of what."""


@pytest.mark.parametrize(
    ("name", "owner", "attribute", "made"),
    [pytest.param(name, *patch, id=f"{name}-{wrong}") for name, wrong, *patch in DEFECTS],
)
def test_a_target_finds_a_defect(
    name: str,
    owner: Any,
    attribute: str,
    made: Callable[[Any], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What holds for sound code does not for code that is broken."""
    monkeypatch.setattr(owner, attribute, made(vars(owner)[attribute]))
    assert any(fails(TARGETS[name], data) for data in variants(TARGETS[name]))


def fails(target: Target, data: bytes) -> bool:
    """Tell whether an input fails a target, in whatever way."""
    try:
        target.check(data)
    except Exception:  # noqa: BLE001 - that is what the fuzzer takes for a finding
        return True
    return False


# The second opinion


@pytest.mark.parametrize(
    "text", [b"NaN", b"[-Infinity]", b"1e400", b'"\xff"', b'"\xed\xa0\x80"', b"{"]
)
def test_the_second_opinion_is_strict(text: bytes) -> None:
    """What the standard library takes beyond JSON is not taken for JSON."""
    with pytest.raises(ValueError):  # noqa: PT011 - each is refused in other words
        strict(text)


def test_the_second_opinion_tells_values_apart() -> None:
    """Python takes 1, 1.0 and true for the same, and JSON does not."""
    values = [strict(text) for text in (b"1", b"1.0", b"true", b'"1"', b"-0.0", b"0.0", b"0")]
    assert len(values) == len({*map(spelled, values)})


def test_names_are_counted_as_often_as_they_stand_there() -> None:
    """Two members of a name are two, whatever is wrong with their values."""
    text = b'{"key":1e400,"k\\u0065y":"\xff","x":{"key":1}}'
    assert ["key", "key", "x"] == [name for name, _ in loose(text) or ()]
    assert [None, None] == [loose(b"[]"), loose(b"1e400")]
    with pytest.raises(UnicodeDecodeError):
        grammatical(text)


# The run


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], list[list[str]]]:
    """Let the fuzzer say something and end, without being run; what it was told is noted."""
    commands: list[list[str]] = []

    def end(said: str, code: int) -> list[list[str]]:
        def ran(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
            commands.append(command)
            options["stdout"].write(said.encode())
            return subprocess.CompletedProcess(command, code)

        monkeypatch.setattr(run.subprocess, "run", ran)
        return commands

    return end


SAID = "#9\tDONE   cov: 157 ft: 600 corp: 80/9Kb\nstat::number_of_executed_units: 1234\n"


def test_a_run_tells_its_figures(
    ended: Callable[[str, int], list[list[str]]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """How much was tried, and from what; every target starts from its own inputs."""
    commands = ended(SAID, 0)

    assert 0 == run.main(["--seconds", "7", "--corpus", str(tmp_path)])

    told = capsys.readouterr().out.splitlines()
    assert [*TARGETS] == [line.partition(":")[0] for line in told]
    assert all("1,234 inputs" in line and "157 edges" in line for line in told)
    for (name, target), command in zip(TARGETS.items(), commands, strict=True):
        assert {name, "-max_total_time=7", f"-max_len={target.longest}"} <= {*command}
        kept = {path.read_bytes() for path in (tmp_path / name).iterdir()}
        assert {*target.starts()} == kept


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (SAID, 77),
        ("INFO: nothing is instrumented\n", 0),
        (SAID.replace("157", "0"), 0),
        (SAID.replace("1234", "0"), 0),
    ],
    ids=["a finding", "nothing said", "blind", "nothing tried"],
)
def test_a_run_that_found_something_or_tried_nothing_fails(
    said: str,
    code: int,
    ended: Callable[[str, int], list[list[str]]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The end of what the fuzzer said is shown, and where to put the input."""
    ended(said, code)

    assert 1 == run.main(["codec", "--corpus", str(tmp_path)])

    told = capsys.readouterr().out
    assert said in told
    assert f"codec: ended with {code}" in told
    assert "tests/fuzz/found/codec/" in told


def test_a_fuzzer_that_comes_to_no_end_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has more time than it was told to take, and no more than that."""

    def ran(command: list[str], **options: Any) -> None:
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(run.subprocess, "run", ran)
    assert 1 == run.main(["lines", "--corpus", str(tmp_path)])
    assert "lines: came to no end" in capsys.readouterr().out


def test_an_unknown_target_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """By its name, with those there are."""
    with pytest.raises(SystemExit):
        run.main(["line"])
    assert "there is no target 'line', but lines, index, codec" in capsys.readouterr().err

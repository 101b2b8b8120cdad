"""Requests are checked and encoded before anything is sent; keys stay what the caller gave."""

import datetime as dt
import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from attrs import define, evolve, field
from hypothesis import given, settings, strategies as st

from gemini_batch import codec, rawjson, submission as module
from gemini_batch.defaults import Defaults
from gemini_batch.effects import Draw, Effect, Offload
from gemini_batch.endpoints.batches import inline_batch
from gemini_batch.errors import UsageError
from gemini_batch.expiry import Expiries
from gemini_batch.flows.submit import order_of, submit
from gemini_batch.methods import GENERATE, Method, embed
from gemini_batch.models.base import Timestamp
from gemini_batch.models.config import GenerationConfig
from gemini_batch.models.content import Blob, Content, Part
from gemini_batch.models.embedding import EmbedContentRequest
from gemini_batch.models.file import File
from gemini_batch.models.generation import GenerateContentRequest
from gemini_batch.progress import report_nothing
from gemini_batch.settings import Settings
from gemini_batch.spool import MemorySpool, Spool, Spools
from gemini_batch.submission import (
    FILE_LIMIT,
    INLINE_BYTES,
    INLINE_LIMIT,
    Submission,
    Via,
    entries_of,
)
from gemini_batch.sync.drivers import run

Request = GenerateContentRequest


@define
class SizedSpool:
    """A spool that says it is as large as a test wants, and holds nothing."""

    size: int = 0
    closed: bool = False
    appended: list[bytes] = field(factory=list)

    def append(self, piece: bytes) -> None:
        """Note what was added."""
        self.appended.append(piece)

    def read(self, offset: int, size: int) -> bytes:
        """Read what is not there."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of nothing."""


def submitted(*entries: object) -> Submission:
    """Return a submission of some requests."""
    submission = Submission(MemorySpool())
    submission.add(entries)
    return submission


def lines(submission: Submission) -> list[Any]:
    """Decode what a submission would upload."""
    encoded = submission.read(0, submission.size)
    return [json.loads(line) for line in encoded.decode().split("\n")[:-1]]


class Own(str):
    """A key that is equal to none, not even to itself."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


# What may be submitted


@pytest.mark.parametrize("wrong", ["one prompt", b"bytes", bytearray(b"bytes"), Request.of("one")])
def test_one_request_is_told_from_many(wrong: object) -> None:
    """A bare string would otherwise be a batch of its letters."""
    with pytest.raises(UsageError, match=r"wrap it in a list") as caught:
        entries_of(wrong)
    assert type(wrong).__name__ in str(caught.value)


@pytest.mark.parametrize("wrong", [None, 5, object])
def test_what_is_not_many_requests_is_refused(wrong: object) -> None:
    """The error says what is taken, and what came."""
    with pytest.raises(UsageError, match="takes a mapping or an iterable of requests, not"):
        entries_of(wrong)


def test_a_mapping_is_read_by_key_and_anything_else_in_order() -> None:
    """Both become entries; a generator is not run to find out."""

    def prompts() -> Iterator[str]:
        yield "a"
        pytest.fail("only the first was asked for")

    assert [("k", "a"), ("l", "b")] == list(entries_of({"k": "a", "l": "b"}))
    assert ["a", "b"] == list(entries_of(["a", "b"]))
    assert "a" == next(iter(entries_of(prompts())))


# Keys


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (["a", "b", "a"], "requests 0 and 2 have the same key 'a'"),
        ([None, "0"], "requests 0 and 1 have the same key '0'"),
        (["1", None], "requests 0 and 1 have the same key '1'"),
        (["", ""], "requests 0 and 1 have the same key ''"),
        (["\u202e\n", "\u202e\n"], r"the same key '\u202e\n'"),
    ],
)
def test_a_duplicate_key_is_refused_with_both_positions(
    keys: list[str | None], message: str
) -> None:
    """Also where one of the two is a number that nobody wrote; the key is safe to print."""
    entries = ["prompt" if key is None else (key, "prompt") for key in keys]

    with pytest.raises(UsageError) as caught:
        submitted(*entries)

    assert message in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ((1, "prompt"), "request 1 has the key 1: use str(key)"),
        ((True, "prompt"), "request 1 has the key True: use str(key)"),
        ((None, "prompt"), "request 1 has the key None: a key is a string"),
        ((b"k", "prompt"), "request 1 has the key b'k': a key is a string"),
        (("k",), "request 1 is a tuple of 1; a key and a prompt are two"),
        (("k", "prompt", "more"), "request 1 is a tuple of 3; a key and a prompt are two"),
    ],
)
def test_an_entry_of_another_shape_is_refused(entry: object, message: str) -> None:
    """The error names its position and what it should be."""
    with pytest.raises(UsageError) as caught:
        submitted("fine", entry)

    assert message == str(caught.value)


# Requests


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (GENERATE, "a prompt is a str or a GenerateContentRequest, not bytes"),
        (embed(), "what is embedded is a str or an EmbedContentRequest, not bytes"),
    ],
    ids=["generate", "embed"],
)
def test_a_prompt_that_is_none_is_refused(method: Method[Any], message: str) -> None:
    """By the method of the batch; the error names the request and its key."""
    submission = Submission(MemorySpool(), method)

    with pytest.raises(UsageError) as caught:
        submission.add(["fine", ("the key", b"a")])

    assert f"request 1 (key 'the key'): {message}" == str(caught.value)


def test_what_is_written_is_what_the_method_made() -> None:
    """A request is completed on its way, such as with the collection of its model."""
    (line,) = lines(submitted(Request.of("a").with_model("gemini-x")))

    assert "models/gemini-x" == line["request"]["model"]


POISONS: list[tuple[Any, str]] = [
    (math.nan, "nan is not a JSON number"),
    (math.inf, "inf is not a JSON number"),
    (-math.inf, "-inf is not a JSON number"),
    ({1, 2}, "set is not JSON"),
    (b"a", "bytes is not JSON"),
    (object(), "object is not JSON"),
    (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "datetime is not JSON"),
    ({1: 2}, "the member name 1 is not a string"),
    ("a\ud800", "holds a lone surrogate, which UTF-8 cannot hold"),
]
STEPS = st.lists(st.sampled_from(["name", "other"]) | st.integers(0, 2), max_size=4)


def buried(steps: Sequence[str | int], value: Any) -> tuple[Any, str]:
    """Return JSON with a value deep in it, and the path that leads there."""
    path = "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in steps)
    for step in reversed(steps):
        value = {step: value} if isinstance(step, str) else [*[0] * step, value]
    return value, path


@settings(deadline=None)
@given(STEPS, st.sampled_from(POISONS))
def test_what_json_cannot_hold_is_refused_with_its_path(
    steps: list[str | int], poison: tuple[Any, str]
) -> None:
    """Nothing of the requests around it is kept, so that no half of a file is ever sent."""
    value, path = buried(steps, poison[0])
    spool = MemorySpool()
    for request, place in (
        (Request((Content.user("a"),), extra={"labels": value}), "labels"),
        (Request.of("a", response_json_schema=value), "generationConfig.responseJsonSchema"),
    ):
        submission = Submission(spool)
        with pytest.raises(UsageError) as caught:
            submission.add(["before", ("the key", request), "after"])

        assert f"request 1 (key 'the key'): {place}{path}: {poison[1]}" == str(caught.value)
    assert 0 == spool.size


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_refused(number: float) -> None:
    """JSON writers would make ``null`` of it without a word."""
    with pytest.raises(UsageError, match=r"generationConfig\.temperature: -?(nan|inf) is not"):
        submitted(Request.of("a", temperature=number))


@pytest.mark.parametrize(
    "entry", ["a\ud800", ("\udfff", "a"), Request.of("\ud800"), Request.of("a", system="\ud800")]
)
def test_a_lone_surrogate_is_refused(entry: object) -> None:
    """UTF-8 cannot carry it, in a key as little as in a prompt."""
    with pytest.raises(UsageError, match=r"^request 0 .*holds a lone surrogate") as caught:
        submitted(entry)
    assert str(caught.value).isprintable()


def test_keys_are_told_apart_as_they_are_sent() -> None:
    """Whatever a class of the caller's own thinks of it."""
    submission = submitted((Own("a"), "a"), (Own("b"), "b"))
    assert [str, str] == [type(key) for key in submission.keys]
    assert 1 == submission.keys.position("b")
    with pytest.raises(UsageError, match="requests 1 and 2 have the same key 'b'"):
        submission.add([(Own("b"), "c")])


def test_json_that_is_encoded_already_cannot_break_a_line() -> None:
    """It would be read as two requests, and both would be broken."""
    text = msgspec.Raw(b'{\n"type":"STRING"}')
    with pytest.raises(UsageError, match=r"^request 0 \(key '0'\): later: is encoded already"):
        submitted(Request(Request.of("a").contents, extra={"later": text}))


def test_json_within_itself_is_refused() -> None:
    """A schema that refers to itself has no end."""
    schema: dict[str, Any] = {}
    schema["items"] = schema

    with pytest.raises(UsageError, match=r"request 0 .*nested too deeply, or within itself"):
        submitted(Request.of("a", response_schema=schema))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([("k", "a"), ("k", "b"), b"a"], "requests 0 and 1 have the same key 'k'"),
        ([("k", "a"), b"a", ("k", "b")], "request 1 (key '1'): a prompt is a str or"),
        ([("k", "a"), ("k", b"a")], "requests 0 and 1 have the same key 'k'"),
        ([("k", "a"), ("k", "b"), (5, "c")], "requests 0 and 1 have the same key 'k'"),
        ([("k", "a"), ("l",), ("k", "b")], "request 1 is a tuple of 1"),
        ([(None, "a"), "\ud800"], "request 0 has the key None: a key is a string"),
        (["a", "\ud800", b"a"], "request 1 (key '1'): contents[0].parts[0].text: holds a lone"),
        (["a", ("\ud800", "b"), b"a"], "request 1 (key '\\ud800'): holds a lone surrogate"),
        (
            ["a", Request.of("a", seed=True), ("0", "a")],
            "request 1 (key '1'): generationConfig.seed",
        ),
        ([*["a"] * 40, "", *["a"] * 40, ("3", "a")], "request 40 (key '40'): the prompt is empty"),
    ],
)
def test_the_first_offender_is_named(entries: list[object], message: str) -> None:
    """Whatever is wrong with it, and however many are encoded in one go."""
    with pytest.raises(UsageError) as caught:
        submitted(*entries)
    assert str(caught.value).startswith(message)


def test_large_requests_are_not_put_together_in_memory() -> None:
    """They go to the spool as they were encoded, sixteen at a time."""
    spool = SizedSpool()
    submission = Submission(spool)
    text = "a" * 100_000
    submission.add([text] * 33)
    assert [16, 16, 1] == [piece.count(b"\n") for piece in spool.appended]
    assert hashlib.sha256(b"".join(spool.appended)).hexdigest() == submission.sha256

    submission.add(["a"] * 33)
    assert 33 == spool.appended[-1].count(b"\n")


# Defaults

SHARED = Request(
    system_instruction=Content.system("Be brief"),
    generation_config=GenerationConfig(temperature=0.5, max_output_tokens=65536),
)


def sharing(defaults: Request, *entries: Any, spool: MemorySpool | None = None) -> Submission:
    """Return a submission of requests that have something in common."""
    submission = Submission(spool or MemorySpool(), GENERATE, Defaults(GENERATE, defaults))
    submission.add(entries)
    return submission


def test_requests_have_what_they_lack() -> None:
    """Those that say something else have that, and all of it is in the digest and in the size."""
    submission = sharing(SHARED, "a", ("k", Request.of("b", system="Be long", temperature=1.0)))

    first, second = lines(submission)
    assert {
        "contents": [{"parts": [{"text": "a"}], "role": "user"}],
        "systemInstruction": {"parts": [{"text": "Be brief"}]},
        "generationConfig": {"temperature": 0.5, "maxOutputTokens": 65536},
    } == first["request"]
    assert {
        "contents": [{"parts": [{"text": "b"}], "role": "user"}],
        "systemInstruction": {"parts": [{"text": "Be long"}]},
        "generationConfig": {"temperature": 1.0, "maxOutputTokens": 65536},
    } == second["request"]
    encoded = submission.read(0, submission.size)
    assert (len(encoded), hashlib.sha256(encoded).hexdigest()) == (
        submission.size,
        submission.sha256,
    )
    assert [line["request"] for line in lines(submission)] == [
        one["request"] for one in json.loads(submission.inlined())
    ]


def test_large_answers_that_are_asked_for_by_default_come_by_file() -> None:
    """The way is chosen by what is sent, and not by what a request says for itself."""
    assert "inline" == submitted(*["a"] * 65).via("auto")
    assert "inline" == sharing(SHARED, *["a"] * 64).via("auto")
    assert "file" == sharing(SHARED, *["a"] * 65).via("auto")
    small = Request.of("a", max_output_tokens=5)
    assert "inline" == sharing(SHARED, *[small] * 65).via("auto")


def test_a_request_that_clashes_with_the_defaults_is_named() -> None:
    """Before anything is sent, and nothing is kept of those around it."""
    spool = MemorySpool()
    cached = Request((Content.user("b"),), cached_content="cachedContents/c")
    with pytest.raises(UsageError) as caught:
        sharing(SHARED, "a", ("k", cached), spool=spool)
    assert (
        "request 1 (key 'k'), with the defaults: cached_content and system_instruction exclude "
        "each other: the service refuses what is not cached with the content"
    ) == str(caught.value)
    assert 0 == spool.size


@pytest.mark.parametrize(
    ("entries", "dimensions"),
    [
        (["a", "b"], 256),
        (["a", EmbedContentRequest.of("b", output_dimensionality=256)], 256),
        (["a", EmbedContentRequest.of("b", output_dimensionality=128)], None),
        ([EmbedContentRequest.of("b")], None),
        ([], None),
    ],
)
def test_what_all_embeddings_were_asked_to_have_is_remembered(
    entries: list[Any], dimensions: int | None
) -> None:
    """With the keys, which the results are held against; where requests differ, nothing is."""
    submission = Submission(MemorySpool(), embed(output_dimensionality=256))
    submission.add(entries)
    assert dimensions == submission.keys.dimensions


def test_what_json_cannot_hold_is_found_beside_defaults_too() -> None:
    """At its place in the request, whose own it is."""
    with pytest.raises(UsageError, match=r"^request 0 \(key '0'\): contents.* lone surrogate"):
        sharing(SHARED, "\ud800")
    bad = Request.of("a", temperature=math.nan)
    with pytest.raises(
        UsageError, match=r"^request 0 \(key '0'\): generationConfig.temperature: nan"
    ):
        sharing(SHARED, bad)


# What had better be known before


@pytest.mark.parametrize(
    ("defaults", "entries", "doubtful"),
    [
        (None, ["a"], ""),
        (None, ["a", Request.of("b", response_json_schema={})], "request 1 (key '1')"),
        (
            Request(generation_config=GenerationConfig(response_json_schema={})),
            ["a", Request.of("b", seed=1)],
            "request 0 (key '0')",
        ),
        (
            Request(generation_config=GenerationConfig(response_json_schema={})),
            [Request.of("b", seed=1), "a"],
            "request 0 (key '0')",
        ),
    ],
)
def test_the_first_request_that_is_in_doubt_is_remembered(
    defaults: Request | None, entries: list[Any], doubtful: str
) -> None:
    """The service takes it, and does it badly."""
    submission = submitted(*entries) if defaults is None else sharing(defaults, *entries)
    assert doubtful == submission.doubt.partition(":")[0]
    assert bool(doubtful) == ("response_json_schema" in submission.doubt)


def naming(*files: str) -> Request:
    """Return a request that names files between texts."""
    parts = [part for file in files for part in (Part("a"), Part.from_file(file, "image/png"))]
    return Request((Content(parts, "user"),))


EXPIRIES = Expiries()
EXPIRIES.note(
    File(
        f"files/{name}", uri=f"https://files.example/{name}", expiration_time=Timestamp.now(dt.UTC)
    )
    for name in "abc"
)
A, B, C, UNKNOWN = (f"https://files.example/{name}" for name in "abcd")


def test_the_first_request_that_names_a_file_is_remembered() -> None:
    """Of files whose expiry is known, each once, wherever in the request they are named."""
    submission = Submission(MemorySpool(), GENERATE, None, EXPIRIES)
    system = Request((Content.user("a"),), Content([Part.from_file(C)]))

    submission.add(["a", ("k", naming(UNKNOWN, B, A)), naming(A), system])

    assert {
        B: "request 1 (key 'k')",
        A: "request 1 (key 'k')",
        C: "request 3 (key '3')",
    } == submission.files


def test_a_file_that_all_requests_share_is_remembered_with_the_first() -> None:
    """Though none of them names it."""
    shared = Defaults(GENERATE, Request(system_instruction=Content([Part.from_file(A)])))
    submission = Submission(MemorySpool(), GENERATE, shared, EXPIRIES)
    submission.add(["a", naming(B)])
    assert {A: "request 0 (key '0'), with the defaults", B: "request 1 (key '1')"} == (
        submission.files
    )


def test_what_embeddings_share_names_no_file() -> None:
    """Their content, which could, is each one's own."""
    shared = Defaults(embed(), EmbedContentRequest(output_dimensionality=8))
    submission = Submission(MemorySpool(), embed(), shared, EXPIRIES)
    submission.add(["a", EmbedContentRequest(Content([Part.from_file(A)]))])
    assert {A: "request 1 (key '1')"} == submission.files


@pytest.mark.parametrize("expiries", [None, Expiries()])
def test_nothing_is_looked_for_where_no_expiry_is_known(expiries: Expiries | None) -> None:
    """A million requests are not searched in vain."""
    submission = Submission(MemorySpool(), GENERATE, None, expiries)
    submission.add([naming(A)])
    assert {} == submission.files


# Encoding

TEXT = st.text(min_size=1, max_size=20) | st.sampled_from(
    ["a\nb", "a\r\nb", "\u2028", "\u2029\u0085", "\0", '"\\', "\x1c\x1d", "😀", "\n"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(-1e9, 1e9) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
PARTS = st.one_of(
    st.builds(Part, text=TEXT, thought=st.none() | st.booleans()),
    st.builds(Part, inline_data=st.builds(Blob.of, st.binary(max_size=9), st.just("image/png"))),
)
CONTENTS = st.builds(
    Content, st.lists(PARTS, min_size=1, max_size=3), st.sampled_from([None, "user", "model"])
)
CONFIGS = st.builds(
    GenerationConfig,
    temperature=st.none() | st.floats(0, 2),
    max_output_tokens=st.none() | st.integers(1, 2**31 - 1),
    stop_sequences=st.lists(TEXT, max_size=2),
    response_json_schema=JSON,
)
REQUESTS = st.builds(
    Request,
    st.lists(CONTENTS, min_size=1, max_size=3),
    st.none() | CONTENTS,
    st.none() | CONFIGS,
    extra=st.dictionaries(st.sampled_from(["turnTokens", "labels"]), JSON, max_size=2),
) | st.builds(
    Request,
    st.lists(CONTENTS, min_size=1, max_size=3),
    generation_config=st.none() | CONFIGS,
    cached_content=TEXT,
)
PROMPTS = TEXT | REQUESTS


@settings(deadline=None)
@given(st.dictionaries(TEXT | st.just(""), PROMPTS, max_size=5))
def test_what_is_submitted_is_what_is_sent(requests: dict[str, Any]) -> None:
    """Each request is one line, whatever is in it, and decodes to what it was."""
    submission = Submission(MemorySpool())
    submission.add(list(requests.items()))

    encoded = submission.read(0, submission.size)

    assert len(requests) == encoded.count(b"\n")
    assert list(requests) == list(submission.keys)
    expected = [
        (key, Request.of(prompt) if isinstance(prompt, str) else prompt)
        for key, prompt in requests.items()
    ]
    found = [rawjson.members(line) for line in encoded.split(b"\n")[:-1]]
    assert expected == [
        (rawjson.parse(line["key"]), codec.decode(line["request"], Request)) for line in found
    ]
    assert hashlib.sha256(encoded).hexdigest() == submission.sha256


@settings(deadline=None)
@given(
    st.lists(PROMPTS, max_size=5),
    st.none() | st.builds(Request, system_instruction=CONTENTS, generation_config=CONFIGS),
    st.booleans(),
)
def test_requests_are_encoded_alike_with_and_without_a_closer_look(
    prompts: list[Any], shared: Request | None, again: bool
) -> None:
    """To the byte, and with all that is remembered of them."""
    slow = evolve(GENERATE, drafts=lambda: lambda _: None)
    found: list[Any] = []
    for method in (GENERATE, slow):
        try:
            submission = Submission(
                MemorySpool(),
                method,
                None if shared is None else Defaults(method, shared),
                EXPIRIES,
            )
            for _ in range(1 + again):
                submission.add(prompts)
            whole = submission.read(0, submission.size)
            found.append((whole, submission.doubt, submission.files, submission._expected_answers))
        except UsageError as refused:
            found.append(str(refused))
    assert found[0] == found[1]


@settings(deadline=None)
@given(st.lists(PROMPTS | st.tuples(TEXT.map("k{}".format), PROMPTS), max_size=5))
def test_inline_requests_are_the_same_requests(entries: list[Any]) -> None:
    """The array of an inline batch holds each line with its key as metadata."""
    names = [entry[0] for entry in entries if isinstance(entry, tuple)]
    if len(set(names)) < len(names):
        entries = [entry for entry in entries if not isinstance(entry, tuple)]
    submission = submitted(*entries)

    inlined = json.loads(submission.inlined())

    assert [
        {"request": line["request"], "metadata": {"key": line["key"]}} for line in lines(submission)
    ] == inlined


def test_many_inline_requests_are_put_together_piece_by_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Wherever the pieces end."""
    submission = submitted(*map(str, range(50)), ("k", "a" * 200))
    whole = submission.inlined()
    for size in (1, 7, 64, 10_000):
        monkeypatch.setattr(module, "_AT_ONCE", size)
        assert whole == submission.inlined()
    assert [*map(str, range(50)), "k"] == [one["metadata"]["key"] for one in json.loads(whole)]


def test_a_chunk_is_read_from_anywhere() -> None:
    """An upload that is resumed goes on where the server stands."""
    submission = submitted("a", "b")

    whole = submission.read(0, submission.size)
    assert whole == submission.read(0, 10) + submission.read(10, 1000)
    first = b'{"key":"0","request":{"contents":[{"parts":[{"text":"a"}],"role":"user"}]}}\n'
    assert first == whole[: len(first)]


# The way they travel


AROUND = 13 + 200 + 6 * 400
"""Bytes that one request may take more in a create call: its key as metadata, and a long name."""


def sized(size: int, entries: int = 1) -> Submission:
    """Return a submission whose encoded requests take so many bytes."""
    submission = Submission(SizedSpool(size))
    submission.add(["a"] * entries)
    return submission


NAMES = ["", "plain", "\x01" * 400, "😀" * 400, '"' * 400]


@settings(deadline=None)
@given(st.lists(PROMPTS, min_size=1, max_size=5), st.sampled_from(NAMES))
def test_the_size_of_a_create_call_is_never_underrated(prompts: list[Any], name: str) -> None:
    """Whatever the requests and the display name; what it is overrated by is for the name."""
    submission = submitted(*prompts)
    inlined = submission.inlined()

    assert len(inline_batch(name, inlined)) <= submission.inlined_size
    assert len(inlined) == submission.inlined_size - (AROUND - 13) + 1


@pytest.mark.parametrize("via", ["auto", "inline"])
def test_a_create_call_at_the_limit_is_within_it(via: Via, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small requests grow by a fifth when inlined: the call is measured, not the spool."""
    count = 1000
    submission = submitted(*["a"] * count)
    body = inline_batch("\x01" * 400, submission.inlined())
    limit = submission.size + 13 * count + 200 + 6 * 400
    assert limit - 200 < len(body) <= limit
    monkeypatch.setattr(module, "INLINE_LIMIT", limit)
    assert "inline" == submission.via(via)

    monkeypatch.setattr(module, "INLINE_LIMIT", limit - 1)
    with pytest.raises(UsageError, match=f"up to {limit} bytes inline, .* {limit - 1} at most"):
        submission.via(via)
    monkeypatch.setattr(module, "INLINE_BYTES", limit - 1)
    assert "file" == submission.via("auto")


@pytest.mark.parametrize(
    ("size", "wanted", "via"),
    [
        (100, "auto", "inline"),
        (INLINE_BYTES - AROUND, "auto", "inline"),
        (INLINE_BYTES - AROUND + 1, "auto", "file"),
        (100, "inline", "inline"),
        (INLINE_BYTES + 1, "inline", "inline"),
        (INLINE_LIMIT - AROUND, "inline", "inline"),
        (100, "file", "file"),
        (FILE_LIMIT, "file", "file"),
    ],
)
def test_large_requests_go_by_file(size: int, wanted: Via, via: str) -> None:
    """What is asked for is done where it can be; otherwise the size decides."""
    assert via == sized(size).via(wanted)


def test_requests_too_large_for_a_create_call_are_refused() -> None:
    """The error says how large, how large they may be, and what to do."""
    with pytest.raises(UsageError, match=f"up to {INLINE_LIMIT + 1} bytes .*use via='file'"):
        sized(INLINE_LIMIT - AROUND + 1).via("inline")


def test_requests_too_large_for_any_batch_are_refused() -> None:
    """As soon as it is clear, not after all of them were encoded."""
    submission = Submission(SizedSpool(FILE_LIMIT + 1))

    with pytest.raises(UsageError, match=f"up to number 2 take {FILE_LIMIT + 1} bytes"):
        submission.add(["a", "b", "c"])


@pytest.mark.parametrize("via", ["auto", "inline", "file"])
def test_no_requests_are_no_batch(via: Via) -> None:
    """An empty iterable is refused whichever way it would have gone."""
    with pytest.raises(UsageError, match="there are no requests to submit"):
        submitted().via(via)


def test_an_unknown_way_is_refused() -> None:
    """The error lists those there are."""
    wrong: Any = "carrier pigeon"
    with pytest.raises(UsageError, match="via is 'auto', 'inline' or 'file', not 'carrier pigeon'"):
        submitted("a").via(wrong)


@pytest.mark.parametrize(
    ("prompt", "inline"), [("a", 2048), (Request.of("a", response_modalities=["IMAGE"]), 5)]
)
def test_large_answers_come_by_file(prompt: str | Request, inline: int) -> None:
    """Answers are guessed from what was asked for: 16 MiB of them may come inline."""
    submission = Submission(MemorySpool())
    submission.add([prompt] * inline)
    assert "inline" == submission.via("auto")

    submission.add([prompt])

    assert "file" == submission.via("auto")
    assert "inline" == submission.via("inline")


def test_embeddings_come_by_file_unless_told_otherwise() -> None:
    """However few they are: inline, they may come back in another order and without their keys."""
    submission = Submission(MemorySpool(), embed("CLUSTERING"))
    submission.add(["a", ("k", EmbedContentRequest.of("b"))])

    assert ["file", "file", "inline"] == [
        submission.via(wanted) for wanted in ("auto", "file", "inline")
    ]
    content = {"parts": [{"text": "a"}]}, {"parts": [{"text": "b"}]}
    assert [
        {"key": "0", "request": {"content": content[0], "taskType": "CLUSTERING"}},
        {"key": "k", "request": {"content": content[1]}},
    ] == lines(submission)
    assert [
        {"request": line["request"], "metadata": {"key": line["key"]}} for line in lines(submission)
    ] == json.loads(submission.inlined())


# The caller's iterable


@define
class Outside:
    """What performs the effects of a flow that must not reach the service."""

    asked: list[str] = field(factory=list)

    def perform(self, effect: Effect[Any]) -> Any:
        """Draw and work in place; anything else would be sent."""
        self.asked.append(type(effect).__name__)
        match effect:
            case Draw(supply):
                return list(islice(cast("Iterator[Any]", supply), 2))
            case Offload(work):
                return work()
            case _:
                pytest.fail(f"{effect} must not be asked")

    def release(self) -> None:
        """Hold nothing."""


class NotingSpools(Spools):
    """Spools that remember those they made."""

    def __init__(self, directory: str) -> None:
        super().__init__(directory)
        self.made: list[Spool] = []

    def in_file(self) -> Spool:
        """Open a spool on disk, and note it."""
        self.made.append(super().in_file())
        return self.made[-1]


class OutOfPaperError(Exception):
    """What a caller's own generator may raise."""


def running_out() -> Iterator[str]:
    """Yield a few prompts and fail."""
    yield from ("a", "b", "c")
    raise OutOfPaperError


@pytest.mark.parametrize(
    ("supply", "error"),
    [
        (running_out, OutOfPaperError),
        (lambda: iter(["a", "b", ("0", "c")]), UsageError),
        (lambda: iter(["a", Request.of("b", temperature=math.nan)]), UsageError),
        (lambda: iter([]), UsageError),
    ],
)
def test_nothing_is_sent_unless_all_requests_are_sound(
    tmp_path: Path, supply: Callable[[], Iterator[Any]], error: type[Exception]
) -> None:
    """The error of the caller's iterable passes, nothing was sent, and the spool is gone."""
    outside, spools = Outside(), NotingSpools(str(tmp_path))
    order = order_of(
        GENERATE,
        model="gemini-x",
        display_name=None,
        label=None,
        via="auto",
        on_unknown="raise",
        entropy=bytes(16),
    )

    with pytest.raises(error), closing(spools):
        run(submit(Settings(), supply(), order, spools, report_nothing), outside)

    assert {"Draw", "Offload"} == set(outside.asked)
    assert [True] == [spool.closed for spool in spools.made]
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", [set, frozenset])
def test_a_set_is_refused(kind: type) -> None:
    """Its order differs from one run to the next, and so would the numbers of its prompts."""
    with pytest.raises(UsageError, match="a set has no order to number requests by"):
        entries_of(kind(["a", "b"]))
    assert ["a", "b"] == list(entries_of({"a": 1, "b": 2}.keys()))

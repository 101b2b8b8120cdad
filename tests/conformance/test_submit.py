"""Requests in: every kind of supply, every kind of key, inline and by file."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from gemini_batch import Content, GenerateContentRequest, GenerationConfig, UsageError, keys
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade
from tests.conformance.scenes import ODD_KEYS, assert_answered, prompts

VIAS = pytest.mark.parametrize("via", ["inline", "file"])


def schema_of(tree: Any) -> GenerateContentRequest:
    """Return a request with a tree in it."""
    return GenerateContentRequest.of("x", response_schema=tree)


KEYED = {"sky": "Why is the sky blue?", "grass": "Why is grass green?", "9": "Why is snow white?"}
NUMBERED = list(KEYED.values())


@VIAS
@pytest.mark.parametrize("count", [1, 3, 2000])
def test_each_prompt_is_answered_under_its_number(
    client: Any, emulator: Emulator, count: int, via: str
) -> None:
    """Prompts come back in their order, however many there are and however they travel."""
    asked = prompts(count, size=100)

    with client.submit(asked, via=via).results() as results:
        assert_answered(asked, results)
        assert [str(number) for number in range(count)] == [item.key for item in results]
        assert () == results.missing
    assert 1 == emulator.acted.count("create")
    assert (via == "file") == bool(emulator.acted.count("upload-start"))


@VIAS
@pytest.mark.parametrize(
    "supply",
    [
        pytest.param(lambda _: KEYED, id="mapping"),
        pytest.param(lambda _: list(KEYED.items()), id="list_of_pairs"),
        pytest.param(lambda _: iter(KEYED.items()), id="iterator_of_pairs"),
        pytest.param(lambda facade: facade.supply(list(KEYED.items())), id="generator_of_pairs"),
        pytest.param(
            lambda _: {key: GenerateContentRequest.of(text) for key, text in KEYED.items()},
            id="mapping_of_requests",
        ),
    ],
)
def test_keyed_prompts_come_from_any_supply(
    client: Any, facade: Facade, supply: Callable[[Facade], Any], via: str
) -> None:
    """Whatever holds the pairs of keys and prompts, each answer stands under its key."""
    with client.submit(supply(facade), via=via).results() as results:
        assert_answered(KEYED, results)
        assert ["9", "grass", "sky"] == [item.key for item in results]


@VIAS
@pytest.mark.parametrize(
    "supply",
    [
        pytest.param(lambda _: NUMBERED, id="list"),
        pytest.param(lambda _: tuple(NUMBERED), id="tuple"),
        pytest.param(lambda facade: facade.supply(NUMBERED), id="generator"),
    ],
)
def test_numbered_prompts_come_from_any_supply(
    client: Any, facade: Facade, supply: Callable[[Facade], Any], via: str
) -> None:
    """Whatever holds the prompts, each is numbered by its position."""
    with client.submit(supply(facade), via=via).results() as results:
        assert_answered(NUMBERED, results)


@VIAS
def test_keyed_and_numbered_prompts_mix(client: Any, via: str) -> None:
    """A prompt without a key is numbered by its position among all of them."""
    asked = {"0": "first", "b": "second", "2": "third"}

    with client.submit(["first", ("b", "second"), "third"], via=via).results() as results:
        assert_answered(asked, results)


@VIAS
def test_requests_arrive_with_what_they_have_in_common(facade: Facade, via: str) -> None:
    """The service sees each as if all of it had been written out."""
    seen: dict[str, Any] = {}

    def answer(request: dict[str, Any], key: str | None) -> str:
        seen[str(key)] = request
        return "seen"

    shared = GenerateContentRequest(
        system_instruction=Content.system("Be brief."),
        generation_config=GenerationConfig(temperature=0.5, max_output_tokens=100),
    )
    asked = {"sky": "Why?", "sea": GenerateContentRequest.of("Why?", temperature=1.0)}

    with Emulator(pending_seconds=0, running_seconds=0, answer=answer) as emulator:
        client = facade.client(emulator.url)
        client.submit(asked, via=via, defaults=shared).results().close()

    knobs = {key: request["generationConfig"] for key, request in seen.items()}
    assert {
        "sky": {"temperature": 0.5, "maxOutputTokens": 100},
        "sea": {"temperature": 1.0, "maxOutputTokens": 100},
    } == knobs
    assert [{"parts": [{"text": "Be brief."}]}] * 2 == [
        request["systemInstruction"] for request in seen.values()
    ]


@VIAS
def test_odd_keys_come_back_as_they_were_sent_and_in_their_order(client: Any, via: str) -> None:
    """Whatever is in a key, it is found by it again; numbers come first, then names as read."""
    asked = {key: f"What is {key!r}?" for key in reversed(ODD_KEYS)}

    with client.submit(asked, via=via).results() as results:
        assert_answered(asked, results)
        assert list(ODD_KEYS) == [item.key for item in results]
        assert list(ODD_KEYS) == [results.by_key(key).key for key in ODD_KEYS]


@VIAS
def test_keys_too_many_to_be_kept_as_they_are_are_found_all_the_same(
    client: Any, via: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are on disk from then on, for as long as anyone may ask for them."""
    monkeypatch.setattr(keys, "FEW", 100)
    asked = {f"row-{number}": f"What is {number}?" for number in reversed(range(1_500))}
    asked.update({key: f"What is {key!r}?" for key in ODD_KEYS})

    handle = client.submit(asked, via=via)
    with handle.results() as results:
        del handle
        assert_answered(asked, results)
        assert () == results.missing
        assert [] == list(results.unexpected)
        with pytest.raises(UsageError, match="no result has the key 'row-1500'"):
            results.by_key("row-1500")


@pytest.mark.parametrize(
    ("count", "uploads"), [(10, 0), (2100, 1)], ids=["few_go_inline", "many_go_by_file"]
)
def test_the_number_of_answers_decides_how_requests_travel(
    client: Any, emulator: Emulator, count: int, uploads: int
) -> None:
    """Where nothing else is asked for, what expects large answers goes by file."""
    client.submit(prompts(count))

    assert uploads == emulator.acted.count("upload-start")


def test_the_batch_has_the_name_and_the_label_it_was_given(client: Any, emulator: Emulator) -> None:
    """The display name is the caller's, and the label travels along with it."""
    batch = client.submit(["hello"], display_name="sky", label="gb-mine")

    assert "sky [gb-mine]" == emulator.acted.of("create")[0].detail
    assert ("sky", "gb-mine") == (batch.operation().display_name, batch.operation().label)


def test_a_model_of_the_call_goes_before_that_of_the_client(
    client: Any, emulator: Emulator
) -> None:
    """The model stands in the path, and in what the service says of the batch."""
    batch = client.submit(["hello"], model="gemini-2.5-pro")

    assert "/v1beta/models/gemini-2.5-pro:batchGenerateContent" == emulator.seen[0].path
    assert "models/gemini-2.5-pro" == batch.operation().model


@pytest.mark.parametrize(
    ("requests", "said"),
    [
        pytest.param([], "no requests", id="none"),
        pytest.param("hello", "wrap it in a list", id="bare_text"),
        pytest.param([("a", "x"), ("b", "y"), ("a", "z")], "requests 0 and 2", id="same_key"),
        pytest.param([("1", "x"), "y"], "requests 0 and 1", id="key_like_a_number"),
        pytest.param([(7, "x")], r"use str\(key\)", id="key_is_a_number"),
        pytest.param(["x", ""], r"request 1 \(key '1'\): the prompt is empty", id="empty_prompt"),
        pytest.param([b"x"], "not bytes", id="bytes"),
        pytest.param([("a", "b", "c")], "tuple of 3", id="three"),
    ],
)
def test_nothing_is_sent_for_requests_that_cannot_be(
    client: Any, emulator: Emulator, requests: Any, said: str
) -> None:
    """The first offender is named before anything leaves this machine."""
    with pytest.raises(UsageError, match=said):
        client.submit(requests)
    assert [] == emulator.seen


NAN = GenerateContentRequest.of("x", temperature=math.nan)
LOOP: dict[str, Any] = {}
LOOP["a"] = LOOP


@VIAS
@pytest.mark.parametrize(
    ("entry", "said"),
    [
        pytest.param("x\udfff", r"contents\[0\]\.parts\[0\]\.text: .*surrogate", id="surrogate"),
        pytest.param(NAN, r"generationConfig\.temperature: ", id="not_a_number"),
        pytest.param(schema_of(LOOP), r"not JSON: nested too deeply, or within", id="endless"),
        pytest.param(
            schema_of({"a": object()}), r"generationConfig\.responseSchema\.a: ", id="no_json"
        ),
        pytest.param(
            schema_of({1: 2}), r"generationConfig\.responseSchema: the member name 1", id="no_name"
        ),
    ],
)
def test_what_json_cannot_hold_is_refused_by_its_place(
    client: Any, emulator: Emulator, entry: Any, said: str, via: str
) -> None:
    """With the number of the request and its key; of those before it nothing was sent either."""
    with pytest.raises(UsageError, match=rf"request 1 \(key 'bad'\): {said}"):
        client.submit([("good", "x"), ("bad", entry)], via=via)
    assert [] == emulator.seen


def test_a_key_that_cannot_be_sent_is_refused(client: Any, emulator: Emulator) -> None:
    """UTF-8 cannot hold half a character, and the key would come back as another."""
    with pytest.raises(UsageError, match=r"request 1 \(key '\\ud800'\): .*surrogate"):
        client.submit(["x", ("\ud800", "y")])
    assert [] == emulator.seen


def test_more_than_a_create_call_holds_is_refused(client: Any, emulator: Emulator) -> None:
    """It is measured before it is sent, and goes by file where nobody says otherwise."""
    asked = prompts(3, size=7_000_000)
    with pytest.raises(UsageError, match=r"inline, and a create call holds 20000000 at most"):
        client.submit(asked, via="inline")
    assert [] == emulator.seen
    client.submit(asked)
    assert 1 == emulator.acted.count("upload-start")


def test_more_than_a_batch_holds_is_refused(
    client: Any, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As soon as that shows; the limit is lowered, for two gigabytes take their time."""
    drawn: list[int] = []

    def supply() -> Iterator[str]:
        for number in range(100_000):
            drawn.append(number)
            yield f"{number}".ljust(1000)

    monkeypatch.setattr("gemini_batch.submission.FILE_LIMIT", 1_000_000)
    with pytest.raises(UsageError, match="a batch holds 1000000 at most: submit fewer at a time"):
        client.submit(supply(), via="file")
    assert len(drawn) < 3000
    assert [] == emulator.seen


@VIAS
def test_a_failing_supply_fails_the_call_with_its_own_error(
    client: Any, emulator: Emulator, via: str
) -> None:
    """What the caller's generator raises comes out as it is, and nothing was sent."""

    def failing() -> Iterator[str]:
        yield from prompts(300)
        raise LookupError("the database is gone")

    with pytest.raises(LookupError, match="the database is gone"):
        client.submit(failing(), via=via)
    assert [] == emulator.seen


@VIAS
@pytest.mark.parametrize("facade", ["async"], indirect=True)
def test_a_failing_asynchronous_supply_fails_the_call_with_its_own_error(
    client: Any, emulator: Emulator, via: str
) -> None:
    """What it raises between two awaits comes out as it is, and nothing was sent."""

    async def failing() -> AsyncIterator[str]:
        for prompt in prompts(300):
            await asyncio.sleep(0)
            yield prompt
        raise LookupError("the database is gone")

    with pytest.raises(LookupError, match="the database is gone"):
        client.submit(failing(), via=via)
    assert [] == emulator.seen


@pytest.mark.parametrize("facade", ["sync"], indirect=True)
def test_an_asynchronous_supply_needs_the_asynchronous_client(
    client: Any, emulator: Emulator
) -> None:
    """The synchronous client says that it cannot iterate over it."""

    async def asynchronous() -> Any:
        yield "hello"

    with pytest.raises(UsageError, match="not async_generator"):
        client.submit(asynchronous())
    assert [] == emulator.seen

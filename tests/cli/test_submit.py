"""``submit``: a batch without the wait, and what shapes it; ``run`` takes the same options."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gemini_batch.emulator import Emulator
from tests.cli.conftest import QUICKLY, Done, lines_of

Command = Callable[..., Done]
MODEL = ("-m", "gemini-2.5-flash")


def test_the_name_of_the_batch_is_all_there_is_on_standard_output(
    command: Command, emulator: Emulator, prompts: str
) -> None:
    """A shell can take it up; a person is told how to go on."""
    done = command("submit", prompts, *MODEL)
    [created] = emulator.acted.of("create")
    assert (0, f"{created.name}\n") == (done.status, done.out)
    assert f"see how it fares:   gemini-batch status {created.name}\n" in done.err
    assert f"get its answers:    gemini-batch results {created.name} -o answers.jsonl" in done.err
    assert 0 == len(emulator.seen.of("get"))
    assert 0 == command("results", created.name, "-o", "answers.jsonl", *QUICKLY).status
    assert 3 == len(lines_of("answers.jsonl"))


def test_quiet_is_the_name_alone(command: Command, emulator: Emulator, prompts: str) -> None:
    """That is what was asked for."""
    done = command("submit", prompts, *MODEL, "-q")
    [created] = emulator.acted.of("create")
    assert Done(0, f"{created.name}\n", "") == done


def test_a_program_gets_the_label_as_well(
    command: Command, emulator: Emulator, prompts: str
) -> None:
    """By it the batch is found in any list."""
    facts = command("submit", prompts, *MODEL, "--name", "weekly", "--json").facts
    [created] = emulator.acted.of("create")
    assert {"exit_status": 0, "name": created.name, "label": facts["label"]} == facts
    assert f"weekly [{facts['label']}]" == created.detail


@pytest.mark.parametrize(("via", "uploads"), [("inline", 0), ("file", 1), ("auto", 0)])
def test_requests_travel_as_asked(
    via: str, uploads: int, command: Command, emulator: Emulator, prompts: str
) -> None:
    """A few small ones go inside the call unless told otherwise."""
    assert 0 == command("submit", prompts, *MODEL, "--via", via).status
    assert uploads == emulator.acted.count("upload-start")


def test_bad_lines_are_named_before_anything_is_sent(command: Command, emulator: Emulator) -> None:
    """As they are by ``run``."""
    done = command("submit", "-", *MODEL, stdin=b'{"prompt": 5}\n')
    assert (2, "") == (done.status, done.out)
    assert "  line 1: its prompt is 5" in done.err
    assert [] == emulator.seen


def test_an_input_can_be_tried_without_the_service(
    command: Command, emulator: Emulator, prompts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is sent to look for a batch that is gone."""
    monkeypatch.delenv("GEMINI_API_KEY")
    done = command("submit", prompts, *MODEL, "--emulator")
    assert 0 == done.status
    assert done.err.endswith("was a batch of the emulator, which ended with this command\n")
    assert "gemini-batch results" not in done.err
    assert [] == emulator.seen


def test_embeddings_have_the_shape_that_was_asked_for(command: Command) -> None:
    """From a file of texts, in the order of its lines."""
    Path("texts.txt").write_text("sun\nmoon\n")
    words = ("--embeddings", "--dimensions", "3", "--task-type", "CLUSTERING")
    done = command("run", "texts.txt", "-o", "out.jsonl", *MODEL, *QUICKLY, *words)
    assert (0, "2 requests: 2 answered; saved to out.jsonl\n") == (done.status, done.out)
    saved = lines_of("out.jsonl")
    assert ["0", "1"] == [line["key"] for line in saved]
    assert [3, 3] == [len(line["response"]["embedding"]["values"]) for line in saved]


def test_texts_to_embed_can_have_keys_and_whole_requests(command: Command) -> None:
    """As with prompts, a line of JSON is a text or a request in the words of the API."""
    request = {"content": {"parts": [{"text": "moon"}]}, "outputDimensionality": 2}
    lines = [{"key": "sun", "text": "sun"}, {"key": "moon", "request": request}]
    Path("texts.jsonl").write_text("\n".join(map(json.dumps, lines)))
    submitted = command("submit", "texts.jsonl", *MODEL, "--embeddings", "-q")
    assert 0 == submitted.status
    name = submitted.out.strip()
    assert 0 == command("results", name, "-o", "out.jsonl", *QUICKLY).status
    saved = {line["key"]: line["response"]["embedding"]["values"] for line in lines_of("out.jsonl")}
    assert ["moon", "sun"] == list(saved)
    assert 2 == len(saved["moon"])


SHARED = {
    "generationConfig": {
        "responseMimeType": "application/json",
        "responseSchema": {"type": "STRING", "enum": ["certainly"]},
    }
}


def test_prompts_can_have_something_in_common(command: Command) -> None:
    """A schema and a configuration from a file, as the API has them."""
    Path("shared.json").write_text("\ufeff" + json.dumps(SHARED), encoding="utf-8")
    words = ("--defaults", "shared.json", "--system", "Say yes.", *MODEL, *QUICKLY)
    done = command("run", "-", "-o", "out.jsonl", *words, stdin=b"Is it?\nIs it, really?\n")
    assert (0, "2 requests: 2 answered; saved to out.jsonl\n") == (done.status, done.out)
    assert ['"certainly"'] * 2 == [
        line["response"]["candidates"][0]["content"]["parts"][0]["text"]
        for line in lines_of("out.jsonl")
    ]


def test_texts_to_embed_can_have_something_in_common(command: Command) -> None:
    """In the words of their own requests."""
    Path("shared.json").write_text('{"outputDimensionality": 2}')
    words = ("--defaults", "shared.json", "--embeddings", *MODEL, *QUICKLY)
    assert 0 == command("run", "-", "-o", "out.jsonl", *words, stdin=b"sun\n").status
    [line] = lines_of("out.jsonl")
    assert 2 == len(line["response"]["embedding"]["values"])


def test_an_instruction_is_sent_with_every_prompt(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It needs no file."""
    seen: list[Any] = []

    def answer(request: dict[str, Any], _: str | None) -> str:
        seen.append(request)
        return "seen"

    words = ("--system", "Be brief.", *MODEL, *QUICKLY)
    with Emulator(pending_seconds=0, running_seconds=0, answer=answer) as emulator:
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", emulator.url)
        assert 0 == command("run", "-", "-o", "out.jsonl", *words, stdin=b"a\nb\n").status
    instruction = {"parts": [{"text": "Be brief."}]}
    assert [instruction] * 2 == [request["systemInstruction"] for request in seen]


@pytest.mark.parametrize(
    ("shared", "words", "complaint"),
    [
        (None, (), "shared.json cannot be read: No such file"),
        ("{", (), "shared.json is not a request in JSON: "),
        ('{"tools": 5}', (), "shared.json is not a request in JSON: tools: expected an array"),
        ('{"contents": [{"parts": [{"text": "a"}]}]}', (), "defaults: contents cannot be shared"),
        ('{"generationConfig": {"temperature": 3}}', (), "temperature is between 0 and 2, not 3"),
        (
            '{"systemInstruction": {"parts": [{"text": "a"}]}}',
            ("--system", "b"),
            "there is a systemInstruction in --defaults already, beside --system",
        ),
        ("{}", ("--system", ""), "defaults: system_instruction.parts[0].text is empty"),
        ("{}", ("--system", "b", "--embeddings"), "--system is for prompts, and not for --emb"),
    ],
)
def test_what_cannot_be_shared_is_refused(
    shared: str | None,
    words: tuple[str, ...],
    complaint: str,
    command: Command,
    emulator: Emulator,
    prompts: str,
) -> None:
    """Before the input is read."""
    if shared is not None:
        Path("shared.json").write_text(shared)
    done = command("submit", prompts, *MODEL, "--defaults", "shared.json", *words)
    assert (2, "") == (done.status, done.out)
    assert complaint in done.err
    assert [] == emulator.seen


def test_a_directory_holds_no_defaults(command: Command, prompts: str) -> None:
    """The system says so when it is opened, or read."""
    done = command("submit", prompts, *MODEL, "--defaults", ".")
    assert (2, "") == (done.status, done.out)
    assert ". cannot be read: Is a directory" in done.err


def test_a_line_that_clashes_with_what_is_shared_is_named(
    command: Command, emulator: Emulator
) -> None:
    """With its number, like any other that cannot be sent."""
    Path("shared.json").write_text('{"cachedContent": "cachedContents/c"}')
    request = {"contents": [{"parts": [{"text": "a"}]}], "tools": [{"googleSearch": {}}]}
    stdin = b'{"prompt": "a"}\n' + json.dumps({"request": request}).encode()
    done = command("submit", "-", *MODEL, "--defaults", "shared.json", stdin=stdin)
    assert (2, "") == (done.status, done.out)
    assert "  line 2: with the defaults: cached_content and tools exclude each other" in done.err
    assert [] == emulator.seen


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"prompt": "x"}', "line 1: beside 'key' it needs 'text' or 'request' alone"),
        ('{"text": 5}', "line 1: its text is 5, and a text is a string"),
        ('{"text": ""}', "line 1: the text is empty"),
        ('{"request": {}}', "line 1: content is missing"),
        ("", "standard input holds no texts"),
    ],
)
def test_what_cannot_be_embedded_is_refused(line: str, complaint: str, command: Command) -> None:
    """The complaint is about texts, not prompts."""
    done = command("submit", "-", *MODEL, "--embeddings", stdin=line.encode())
    assert (2, "") == (done.status, done.out)
    assert complaint in done.err


def test_a_create_without_a_reply_is_followed_by_its_label(
    command: Command, emulator: Emulator, prompts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the batch is not found either, it says with which command to look again."""
    monkeypatch.setattr("gemini_batch.flows.batches._looks", lambda _: iter([0.0]))
    emulator.faults.add("create", "reset-after-acting")
    emulator.faults.add("list", "list-lag=1")
    done = command("submit", prompts, *MODEL)
    [created] = emulator.acted.of("create")
    assert (1, "") == (done.status, done.out)
    assert "no batch labelled gb-" in done.err
    label = (created.detail or "").strip("[]")
    assert done.err.endswith(f"before you submit again, try gemini-batch adopt {label}\n")
    assert f"{created.name}\n" == command("adopt", label).out

"""The lines of an input become requests, or complaints that name them."""

import io
from functools import partial

import pytest

from gemini_batch import Content, GenerateContentRequest, GenerationConfig, UsageError
from gemini_batch.cli import inputs
from gemini_batch.cli.inputs import Format, Input
from gemini_batch.jsonl import LineSplitter
from gemini_batch.submission import Entry


def read(text: bytes, form: Format = "auto") -> list[Entry]:
    """Return the requests of an input."""
    return list(Input(io.BytesIO(text), "prompts", form))


def complaints(text: bytes, form: Format = "auto") -> list[str]:
    """Return what is said of an input that is refused: the message, then the notes."""
    reading = Input(io.BytesIO(text), "prompts", form)
    with pytest.raises(UsageError) as refused:
        list(reading)
    assert not reading.exhausted
    return [str(refused.value), *getattr(refused.value, "__notes__", ())]


@pytest.mark.parametrize(
    "text",
    [b"one\ntwo\n", b"one\ntwo", b"\xef\xbb\xbfone\r\ntwo\r\n", b"\n \none\n\n\t\ntwo\n\n"],
)
def test_each_line_of_text_that_is_not_empty_is_a_prompt(text: bytes) -> None:
    """A mark at the beginning, other ends of lines and empty lines make no difference."""
    assert ["one", "two"] == read(text)


def test_a_line_of_text_is_sent_as_it_is() -> None:
    """Spaces at its ends belong to a prompt, and so does what other systems end lines with."""
    assert [" one ", "two\u2028\u0085\x0cthree"] == read(" one \ntwo\u2028\u0085\x0cthree".encode())


def test_a_json_line_has_a_prompt_or_a_request_and_perhaps_a_key() -> None:
    """Requests are read in either spelling of the API."""
    request = GenerateContentRequest(
        contents=(Content.user("three"),), generation_config=GenerationConfig(max_output_tokens=5)
    )
    spelled = (
        (
            b'{"contents": [{"role": "user", "parts": [{"text": "three"}]}], '
            b'"generationConfig": {"maxOutputTokens": 5}}'
        ),
        (
            b'{"contents": [{"role": "user", "parts": [{"text": "three"}]}], '
            b'"generation_config": {"max_output_tokens": "5"}}'
        ),
    )
    assert ["one", ("b", "two"), ("c", request), request] == read(
        b'\xef\xbb\xbf\n{"prompt": "one"}\r\n{"key": "b", "prompt": "two"}\n'
        b'{"key": "c", "request": %s}\n{"key": null, "request": %s}' % spelled
    )


def test_the_format_can_be_forced() -> None:
    """Text may begin with a brace, and JSONL with something else."""
    assert ["{name} is who?"] == read(b"{name} is who?\n", "text")
    assert ["[{"] == read(b"[{\n", "text")
    assert "line 1: not JSON: " in complaints(b"hello\n", "jsonl")[1]


def test_all_bad_lines_are_named_and_no_request_is_given_out_after_the_first() -> None:
    """What submitting would refuse is refused here as well, by the number of its line."""
    text = b"""
{"key": "a", "prompt": "good"}
{"key": "b", "request": 5}

{"prompt": 3}
{"key": 5, "prompt": "x"}
{"key": "a", "prompt": "again"}
{"request": {"contents": []}}
{"request": {"contents": [{"parts": [{"text": "x"}]}], "generationConfig": {"topK": "many"}}}
[]
{"prompt": "\\ud800"}
{"prompt": ""}
{"prompt": "x", "id": 3}
{"key": "c"}
{"key": "d", "prompt": "good"}
{oops
\xff
"""
    said, *notes = complaints(text)
    assert "13 of 15 lines of prompts cannot be sent; nothing was sent" == said
    assert [
        "line 3: in its request: expected an object, got 5",
        "line 5: its prompt is 3, and a prompt is a string",
        "line 6: its key is 5, and a key is a string",
        "line 7: its key 'a' is also that of line 2",
        "line 8: contents is empty",
        "line 9: in its request: generationConfig.topK: expected an integer, got 'many'",
        "line 10: it is not a JSON object",
        "line 11: contents[0].parts[0].text: holds a lone surrogate, which UTF-8 cannot hold",
        "line 12: the prompt is empty",
        "line 13: beside 'key' it needs 'prompt' or 'request' alone, and it has 'prompt', 'id'",
        "line 14: beside 'key' it needs 'prompt' or 'request' alone, and it has nothing",
    ] == notes[:11]
    assert [True, True] == [
        note.startswith(f"line {line}: not JSON: ")
        for line, note in zip((16, 17), notes[11:13], strict=True)
    ]
    assert "--format text" in notes[13]


def test_the_good_lines_before_a_bad_one_are_given_out_as_they_are_read() -> None:
    """The caller gets requests while the input is read, and hears of bad lines at its end."""
    reading = Input(io.BytesIO(b"one\n\xff\nthree\n"), "prompts")
    given = iter(reading)
    assert "one" == next(given)
    with pytest.raises(UsageError, match="1 of 3 lines"):
        next(given)


def test_a_bad_line_of_text_is_named_by_its_first_bad_byte() -> None:
    """Text in another encoding is refused, not guessed at."""
    assert [
        "1 of 2 lines of prompts cannot be sent; nothing was sent",
        "line 3: it is not UTF-8 (byte 3)",
    ] == complaints("na\u00efve\n\n".encode() + "na\u00efve\n".encode("latin-1"))


@pytest.mark.parametrize(("bad", "more"), [(20, []), (27, ["and 7 more"])])
def test_the_first_twenty_bad_lines_are_shown_and_the_rest_counted(
    bad: int, more: list[str]
) -> None:
    """A file that is wrong from top to bottom does not flood the terminal."""
    said = complaints(b"good\n" + b"\xff\n" * bad)
    assert f"{bad} of {bad + 1} lines of prompts cannot be sent; nothing was sent" == said[0]
    assert [f"line {line}: it is not UTF-8 (byte 1)" for line in range(2, 22)] == said[1:21]
    assert more == said[21:]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            b'{"prompt": "x"}\n\n{"key": "0", "prompt": "y"}',
            "line 3: its key '0' is also that of line 1",
        ),
        (
            b'{"key": "1", "prompt": "x"}\n\n{"prompt": "y"}',
            "line 3: its number '1' is also that of line 1",
        ),
        (
            b'{"key": "a", "prompt": "x"}\n{oops\n{"key": "a", "prompt": "y"}',
            "line 3: its key 'a' is also that of line 1",
        ),
    ],
)
def test_two_lines_with_one_key_are_refused(text: bytes, complaint: str) -> None:
    """A number counts as a key, because answers are told apart by nothing else."""
    assert complaint in complaints(text)


@pytest.mark.parametrize("key", ["00", "1", "-1", "\u0661", "9" * 5000, ""])
def test_a_key_that_only_looks_like_the_number_of_another_line_is_fine(key: str) -> None:
    """The first line is number 0 and nothing else."""
    text = f'{{"prompt": "x"}}\n{{"key": "{key}", "prompt": "y"}}'
    assert ["x", (key, "y")] == read(text.encode())


@pytest.mark.parametrize("text", [b"", b"\n\n \n", b"\xef\xbb\xbf\n"])
def test_an_input_without_prompts_is_refused(text: bytes) -> None:
    """An empty batch is nobody's wish."""
    assert ["prompts holds no prompts; nothing was sent"] == complaints(text)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_file_in_utf_16_is_recognised(encoding: str) -> None:
    """Some editors write it, and every one of its lines would be wrong."""
    text = "\ufeffone\n" if encoding == "utf-16-be" else "one\n"
    assert ["prompts is UTF-16; save it as UTF-8. Nothing was sent"] == complaints(
        text.encode(encoding)
    )


@pytest.mark.parametrize("text", [b'[{"prompt": "x"}]', b'\n[\n{"prompt": "x"}\n]\n'])
def test_a_json_array_is_not_sent_line_by_line(text: bytes) -> None:
    """Its lines would be paid for as prompts."""
    [said] = complaints(text)
    assert "begins like a JSON array" in said


def test_a_line_beyond_the_limit_is_skipped_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not kept in memory, and the lines after it are read."""
    monkeypatch.setattr(inputs, "LineSplitter", partial(LineSplitter, 10))
    said = complaints(b"a line that is too long\nshort\n" + b"another line\n")
    assert "2 of 3 lines of prompts cannot be sent; nothing was sent" == said[0]
    assert ["line 1: it is longer than", "line 3: it is longer than"] == [
        note.partition(" 1073")[0] for note in said[1:]
    ]


def test_an_input_is_never_held_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first request is there before more than a piece was read."""
    monkeypatch.setattr(inputs, "PIECE", 8)
    file = io.BytesIO(b"one\n" * 1000)
    reading = Input(file, "prompts")
    given = iter(reading)
    assert "one" == next(given)
    assert 8 == file.tell()
    assert 999 == len(list(given))
    assert reading.exhausted

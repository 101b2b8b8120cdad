"""Parts and contents are made of texts, bytes, files and calls, and never of guesses."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from gemini_batch import codec
from gemini_batch.errors import UsageError
from gemini_batch.models import content as module
from gemini_batch.models.content import Blob, Content, FileData, Part
from gemini_batch.models.file import File
from gemini_batch.models.generation import GenerateContentRequest
from gemini_batch.models.service_tools import GoogleSearch
from gemini_batch.models.tools import Tool

PNG = b"\x89PNG\r\n\x1a\n and more"
untyped: Any = lambda value: value  # noqa: E731 - what a caller without a type checker may give


# Parts


@pytest.mark.parametrize(
    ("part", "sent"),
    [
        (Part.from_text("a"), {"text": "a"}),
        (Part.from_bytes(b"\xfb\xff", "image/png"), "+/8="),
        (Part.from_bytes(b"GIF89a"), {"inlineData": {"mimeType": "image/gif", "data": "R0lGODlh"}}),
        (
            Part.from_url("https://video.example/a"),
            {"fileData": {"fileUri": "https://video.example/a"}},
        ),
        (Part.from_url("a://u", "a/b"), {"fileData": {"fileUri": "a://u", "mimeType": "a/b"}}),
        (Part.from_file("a://u", "a/b"), {"fileData": {"fileUri": "a://u", "mimeType": "a/b"}}),
        (Part.from_file("a://u"), {"fileData": {"fileUri": "a://u"}}),
        (
            Part.from_file(File("files/a", uri="a://u", mime_type="image/png")),
            {"fileData": {"fileUri": "a://u", "mimeType": "image/png"}},
        ),
        (
            Part.from_file(File("files/a", uri="a://u", mime_type="image/png"), "image/gif"),
            {"fileData": {"fileUri": "a://u", "mimeType": "image/gif"}},
        ),
        (Part.from_file(File("files/a", uri="a://u")), {"fileData": {"fileUri": "a://u"}}),
        (
            Part.from_function_call("f", {"x": 1}, "call_1"),
            {"functionCall": {"name": "f", "args": {"x": 1}, "id": "call_1"}},
        ),
        (Part.from_function_call("f", {}), {"functionCall": {"name": "f", "args": {}}}),
        (
            Part.from_function_response("f", {"x": 1}, "call_1"),
            {"functionResponse": {"name": "f", "response": {"x": 1}, "id": "call_1"}},
        ),
        (
            Part.from_function_response("f", {}),
            {"functionResponse": {"name": "f", "response": {}}},
        ),
    ],
)
def test_a_part_is_of_one_kind(part: Part, sent: Any) -> None:
    """In the API's words, without what was not said."""
    if isinstance(sent, str):
        sent = {"inlineData": {"mimeType": "image/png", "data": sent}}
    assert sent == codec.unstructure(part)


@given(st.binary(min_size=1))
def test_bytes_travel_as_they_are(data: bytes) -> None:
    """Whatever they are, given their type."""
    blob = Part.from_bytes(data, "application/x-mine").inline_data
    assert blob is not None
    assert ("application/x-mine", data) == (blob.mime_type, blob.decoded())


def test_bytes_of_no_known_type_are_refused() -> None:
    """And so is a type that is none."""
    with pytest.raises(UsageError, match="the type of these 4 bytes cannot be told"):
        Part.from_bytes(b"text")
    with pytest.raises(UsageError, match="'png' is not a MIME type"):
        Part.from_bytes(PNG, "png")


def test_a_file_of_this_machine_is_read(tmp_path: Path) -> None:
    """Its type is what its name and its beginning agree on."""
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    picture = Part(inline_data=Blob.of(PNG, "image/png"))
    assert picture == Part.from_path(path) == Part.from_path(str(path)) == Part.from_image(path)
    assert Part(inline_data=Blob.of(PNG, "image/x-mine")) == Part.from_image(path, "image/x-mine")

    table = tmp_path / "a.csv"
    table.write_bytes(b"a,b\n")
    assert Part(inline_data=Blob.of(b"a,b\n", "text/csv")) == Part.from_path(table)


def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    """The model would see nothing, and be paid for it."""
    path = tmp_path / "a.jpg"
    path.write_bytes(PNG)
    with pytest.raises(
        UsageError, match=r"'a\.jpg' is named as image/jpeg, and begins as image/png"
    ):
        Part.from_path(path)
    assert Part(inline_data=Blob.of(PNG, "image/png")) == Part.from_path(path, "image/png")


@pytest.mark.parametrize("given_type", [None, "text/csv"])
def test_what_is_no_picture_is_refused_as_one(tmp_path: Path, given_type: str | None) -> None:
    """Even if its type is right."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n")
    with pytest.raises(UsageError, match="a picture was expected, and this is text/csv"):
        Part.from_image(path, given_type)


def test_a_file_that_is_not_there_is_the_systems_own_error(tmp_path: Path) -> None:
    """Its path is in it."""
    with pytest.raises(FileNotFoundError, match=r"missing\.png"):
        Part.from_image(tmp_path / "missing.png")


def test_nothing_is_no_media(tmp_path: Path) -> None:
    """An empty file is a mistake made before."""
    path = tmp_path / "a.png"
    path.write_bytes(b"")
    with pytest.raises(UsageError, match=r"'a\.png' is empty"):
        Part.from_path(path, "image/png")
    with pytest.raises(UsageError, match="there are no bytes to be sent"):
        Part.from_bytes(b"", "image/png")
    text: Any = "a"
    with pytest.raises(UsageError, match="media are bytes, not str"):
        Part.from_bytes(text, "image/png")


def test_bytes_may_stand_in_a_buffer() -> None:
    """They are taken as they are now."""
    for kind in (bytes, bytearray, memoryview):
        assert Part.from_bytes(b"\x01\x02", "image/png") == Part.from_bytes(
            kind(b"\x01\x02"), "image/png"
        )


def test_media_that_do_not_fit_into_a_request_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether they come from a file or not; the error says what to do instead."""
    assert 15_000_000 == module.INLINE_MEDIA
    monkeypatch.setattr(module, "INLINE_MEDIA", len(PNG))
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    assert Part.from_bytes(PNG) == Part.from_path(path)

    path.write_bytes(PNG + b"!")
    advice = "upload (it|them) with client.files.upload"
    with pytest.raises(UsageError, match=f"has more than {len(PNG)} bytes.*{advice}"):
        Part.from_path(path)
    with pytest.raises(UsageError, match=f"^{len(PNG) + 1} bytes do not fit.*{advice}"):
        Part.from_bytes(PNG + b"!")


NO_URI = (
    "is no URI: Part.from_path() takes a file of this machine, and Part.from_file() one that was "
    "uploaded before"
)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Part.from_file("files/abc-1"),
            "files/abc-1 is a name and no URI: give what client.files.get() returns",
        ),
        (lambda: Part.from_file(File("files/a")), "files/a has no uri: get it from the service"),
        (lambda: Part.from_file(File()), "this file has no uri: get it from the service"),
        (lambda: Part.from_url("a://u", "png"), "'png' is not a MIME type, such as 'image/png'"),
        (lambda: Part.from_file("a://u", "png"), "'png' is not a MIME type, such as 'image/png'"),
        (
            lambda: Part.from_file("cat.png"),
            f"'cat.png' {NO_URI}",
        ),
    ],
)
def test_a_file_the_service_could_not_find_is_refused(
    make: Callable[[], Part], message: str
) -> None:
    """It wants an address, and only it can tell that."""
    with pytest.raises(UsageError) as caught:
        make()
    assert message == str(caught.value)


# Contents


@pytest.mark.parametrize(
    ("make", "role"),
    [(Content.user, "user"), (Content.model, "model"), (Content.system, None)],
)
def test_a_content_is_made_of_texts_and_parts(
    make: Callable[..., Content], role: str | None
) -> None:
    """In their order, with the role of the side that said it."""
    media = Part(file_data=FileData("u"))
    assert Content((Part("a"), media, Part("b")), role) == make("a", media, "b")
    assert Content((Part("a"),), role) == make("a")
    assert Content((), role) == make()


# Requests

SKY, MEDIA = Content.user("sky"), Part(file_data=FileData("u"))


@pytest.mark.parametrize(
    ("prompt", "contents"),
    [
        ("a", [Content.user("a")]),
        (MEDIA, [Content.user(MEDIA)]),
        (SKY, [SKY]),
        (["a", MEDIA], [Content.user("a", MEDIA)]),
        (iter(["a", "b"]), [Content.user("a", "b")]),
        ([SKY, Content.model("blue")], [SKY, Content.model("blue")]),
        ((one for one in [SKY]), [SKY]),
        ([], []),
    ],
)
def test_a_prompt_is_a_message_or_a_conversation(prompt: Any, contents: list[Content]) -> None:
    """Texts and parts are one message; contents are one after the other."""
    assert GenerateContentRequest(contents) == GenerateContentRequest.of(prompt)


def test_a_request_is_made_in_one_call() -> None:
    """Its instruction, its tools and its knobs along with it."""
    tools = [Tool(google_search=GoogleSearch())]
    request = GenerateContentRequest.of("a", system="b", tools=iter(tools), seed=1)
    assert {
        "contents": [{"parts": [{"text": "a"}], "role": "user"}],
        "systemInstruction": {"parts": [{"text": "b"}]},
        "generationConfig": {"seed": 1},
        "tools": [{"googleSearch": {}}],
    } == codec.unstructure(request)
    assert request == GenerateContentRequest.of(
        "a", system=Content.system("b"), tools=tools, seed=1
    )


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        (None, "NoneType"),
        (7, "int"),
        (b"a", "bytes"),
        ({"text": "a"}, "dict"),
        (["a", b"b"], "bytes"),
        ([SKY, "a"], "Content"),
        (["a", SKY], "Content"),
        ([["a"]], "list"),
    ],
)
def test_a_prompt_of_anything_else_is_refused(prompt: Any, kind: str) -> None:
    """At once, because what would come of it is not clear."""
    with pytest.raises(UsageError) as caught:
        GenerateContentRequest.of(prompt)
    assert (
        f"a prompt is made of texts and parts, or else of contents alone, and here is {kind}"
    ) == str(caught.value)


def test_texts_need_no_table_of_types() -> None:
    """What is for media is loaded with the first of them."""
    script = (
        "import sys; from gemini_batch.models.content import Content, Part; Content.user('a');"
        "print('gemini_batch.mime' in sys.modules); Part.from_bytes(b'GIF89a');"
        "print('gemini_batch.mime' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ["False", "True"] == run.stdout.split()

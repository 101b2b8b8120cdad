"""The type of a file is told by its name alone, and by no table of this machine."""

import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings, strategies as st

from gemini_batch.errors import UsageError
from gemini_batch.mime import mime_type_of, require_mime_type

KNOWN = {
    "jsonl": "application/jsonl",
    "json": "application/json",
    "pdf": "application/pdf",
    "rtf": "application/rtf",
    "txt": "text/plain",
    "md": "text/markdown",
    "html": "text/html",
    "htm": "text/html",
    "css": "text/css",
    "csv": "text/csv",
    "js": "text/javascript",
    "xml": "text/xml",
    "py": "text/x-python",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heif",
    "mp3": "audio/mp3",
    "wav": "audio/wav",
    "aac": "audio/aac",
    "aiff": "audio/aiff",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "m4a": "audio/m4a",
    "mp4": "video/mp4",
    "mov": "video/mov",
    "avi": "video/avi",
    "flv": "video/x-flv",
    "wmv": "video/wmv",
    "3gp": "video/3gpp",
    "webm": "video/webm",
    "mpeg": "video/mpeg",
    "mpg": "video/mpeg",
}
"""What people upload, and the service takes."""


@pytest.mark.parametrize(("ending", "kind"), KNOWN.items())
def test_a_type_is_told_by_the_ending(ending: str, kind: str) -> None:
    """In large letters or small, and whatever stands before it."""
    for name in (f"a.{ending}", f"A.{ending.upper()}", f".{ending}", f"a.b c.tar.{ending}"):
        assert kind == mime_type_of(name)


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("", "bytes"),
        ("noending", "'noending'"),
        ("json", "'json'"),
        ("a.", "'a.'"),
        ("a.unheardof", "'a.unheardof'"),
        ("a.json ", "'a.json '"),
        ("a.json~", "'a.json~'"),
        ("a.json.gz", "'a.json.gz'"),
        ("a.\u202egnp", "'a.\\u202egnp'"),
        ("a.\x1b[2J", "'a.\\x1b[2J'"),
    ],
)
def test_what_cannot_be_told_is_not_guessed(name: str, named: str) -> None:
    """The error names it safely, and says what to give instead."""
    with pytest.raises(UsageError) as caught:
        mime_type_of(name)

    assert f"the type of {named} cannot be told by a name: give mime_type=…" == str(caught.value)


@pytest.mark.parametrize("name", ["a.tgz", "a.svgz", "a.tar.gz", "a.jsonl.gz", "a.txz"])
def test_what_is_compressed_is_not_told_as_what_is_within(name: str) -> None:
    """The service would be sent the one and told the other."""
    with pytest.raises(UsageError):
        mime_type_of(name)


ENDINGS = st.sampled_from([*KNOWN, "unheardof"]) | st.from_regex(r"[a-z0-9]{1,5}", fullmatch=True)


def told(name: str) -> str | None:
    """Return the type of a name, or nothing where it cannot be told."""
    try:
        return mime_type_of(name)
    except UsageError:
        return None


@contextmanager
def a_machine_with(table: Path) -> Iterator[None]:
    """Let the standard library's own functions answer from a table of this machine."""
    mimetypes.init([str(table)])
    try:
        yield
    finally:
        mimetypes.init()


@settings(deadline=None)
@given(st.dictionaries(ENDINGS, st.just("x-odd/x-odd"), min_size=1, max_size=5))
@example({"jsonl": "x-odd/x-odd", "png": "x-odd/x-odd", "unheardof": "x-odd/x-odd"})
def test_no_table_of_the_machine_is_asked(
    tmp_path_factory: pytest.TempPathFactory, table: dict[str, str]
) -> None:
    """Two machines that differ in their tables tell the same types."""
    # The standard library takes some endings for a compression, and looks at what is before them.
    compressions = {*mimetypes.encodings_map, *mimetypes.suffix_map}
    assume(not any(f".{ending}" in compressions for ending in table))
    names = [f"a.{ending}" for ending in table]
    before = [told(name) for name in names]
    file = tmp_path_factory.mktemp("etc") / "mime.types"
    file.write_text("".join(f"{kind} {ending}\n" for ending, kind in table.items()))

    with a_machine_with(file):
        assert ["x-odd/x-odd"] * len(names) == [mimetypes.guess_type(name)[0] for name in names]
        assert before == [told(name) for name in names]


@given(st.text(st.characters(exclude_characters="/")))
@example("a.data:image/png,x")
@example("http:a.png")
@example("a.b:c.png?x=.jpg#y")
@example("a\0.png")
@example("a.\ud800")
def test_any_name_has_a_type_or_is_refused(name: str) -> None:
    """A name is not taken for an address, and nothing else is raised."""
    found = told(name)
    assert found == told(f"other.{name.rpartition('.')[2]}" if "." in name else name)
    assert found is None or found.count("/") == 1


# Types that callers give


@pytest.mark.parametrize(
    "kind",
    [
        *("image/png", "application/vnd.ms-excel", "text/x.enum", "application/ld+json"),
        *("Text/Plain", "a/b", "x" * 127 + "/" + "y" * 127, *sorted(set(KNOWN.values()))),
    ],
)
def test_a_type_is_taken_as_it_is(kind: str) -> None:
    """Whether anybody knows it, the service says."""
    assert kind is require_mime_type(kind)


@pytest.mark.parametrize(
    "kind",
    [
        *(
            "",
            "png",
            "/",
            "image/",
            "/png",
            "image//png",
            "image/png/",
            "text/plain; charset=utf-8",
        ),
        *("image/png\r\nhost: evil", "image/png\n", "image /png", "im\xe4ge/png", "*/*"),
        *("x" * 128 + "/y", "y/" + "x" * 128, None, 7, b"image/png"),
    ],
)
def test_what_is_no_type_is_refused(kind: object) -> None:
    """It travels in a header, where nothing else may get in."""
    with pytest.raises(UsageError, match="is not a MIME type, such as 'image/png'") as caught:
        require_mime_type(kind)
    assert str(caught.value).isprintable()

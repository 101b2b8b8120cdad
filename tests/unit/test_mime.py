"""The type of a file is told by its name and its content, and by no table of this machine."""

import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings, strategies as st

from gemini_batch.errors import UsageError
from gemini_batch.mime import media_type, mime_type_of, require_mime_type, types_by_content

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


# Types by content


def brand(name: bytes) -> bytes:
    """Return how a file of the ISO base media format begins."""
    return b"\0\0\0\x18ftyp" + name + b"\0\0\2\0" + name


ANY = ("video/mp4", "audio/m4a", "video/3gpp", "video/mov", "image/heic", "image/heif")
BEGINNINGS: list[tuple[bytes, tuple[str, ...]]] = [
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ("image/png",)),
    (b"\xff\xd8\xff\xe0\0\x10JFIF", ("image/jpeg",)),
    (b"GIF87a", ("image/gif",)),
    (b"GIF89a\1\0", ("image/gif",)),
    (b"RIFF\x24\0\0\0WEBPVP8 ", ("image/webp",)),
    (b"RIFF\x24\0\0\0WAVEfmt ", ("audio/wav",)),
    (b"RIFF\x24\0\0\0AVI LIST", ("video/avi",)),
    (b"RIFF\x24\0\0\0ACON", ()),
    (b"RIFF", ()),
    (b"FORM\0\0\0\x24AIFF", ("audio/aiff",)),
    (b"FORM\0\0\0\x24AIFC", ("audio/aiff",)),
    (b"FORM\0\0\0\x24ILBM", ()),
    (b"%PDF-1.7\n", ("application/pdf",)),
    (b"{\\rtf1\\ansi", ("application/rtf",)),
    (b"fLaC\0\0\0\x22", ("audio/flac",)),
    (b"OggS\0\2", ("audio/ogg",)),
    (b"ID3\4\0", ("audio/mp3",)),
    (b"ID3,ID4,ID5\n", ()),
    *((b"\xff" + second + b"\x90\0", ("audio/mp3",)) for second in (b"\xfa", b"\xfb", b"\xf3")),
    (b"\xff\xf1\x50\x80", ("audio/aac",)),
    (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\x82\x84webm", ("video/webm",)),
    (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\x82\x88matroska", ()),
    (b"FLV\1\5", ("video/x-flv",)),
    (b"\0\0\1\xba\x44", ("video/mpeg",)),
    (b"\0\0\1\xb3\x14", ("video/mpeg",)),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", ("video/wmv",)),
    (brand(b"heic"), ("image/heic",)),
    (brand(b"mif1"), ("image/heif", "image/heic")),
    (brand(b"qt  "), ("video/mov",)),
    (brand(b"M4A "), ("audio/m4a",)),
    (brand(b"3gp4"), ("video/3gpp",)),
    (brand(b"avc1"), ("video/mp4",)),
    (brand(b"isom"), ("video/mp4", "audio/m4a", "video/3gpp")),
    (brand(b"mp42"), ("video/mp4", "audio/m4a", "video/3gpp")),
    (brand(b"new "), ANY),
    (b"", ()),
    (b"\0", ()),
    (b"plain text", ()),
    (b"<html>", ()),
    (b'{"a": 1}', ()),
    (b"\xff\xfea\0", ()),
    (b"\xef\xbb\xbfa", ()),
]


@pytest.mark.parametrize(("data", "types"), BEGINNINGS)
def test_media_tell_by_their_beginning_what_they_are(data: bytes, types: tuple[str, ...]) -> None:
    """The likeliest first, where it may be several; and text tells nothing."""
    assert types == types_by_content(data)
    assert set(types) <= set(KNOWN.values())


@given(st.binary(max_size=80))
def test_any_bytes_have_types_that_are_known(data: bytes) -> None:
    """Or none, and nothing is raised."""
    assert set(types_by_content(data)) <= set(KNOWN.values())


PNG, PDF, PAGE = b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", b"<!doctype html><title>Not found</title>"


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (PNG, "", "image/png"),
        (PNG, "a.png", "image/png"),
        (PNG, "a", "image/png"),
        (PNG, "a.unheardof", "image/png"),
        (PNG, "png", "image/png"),
        (PAGE, "a.html", "text/html"),
        (b"a,b\n", "a.CSV", "text/csv"),
        (b"junk before %PDF-1.7", "a.pdf", "application/pdf"),
        (b"\xff\xe3 of MPEG 2.5", "a.mp3", "audio/mp3"),
        (b"\0\0\0\x08wide", "a.mov", "video/mov"),
        (brand(b"isom"), "a.mp4", "video/mp4"),
        (brand(b"isom"), "a.m4a", "audio/m4a"),
        (brand(b"mif1"), "a.heic", "image/heic"),
        (brand(b"new "), "a.mov", "video/mov"),
    ],
)
def test_content_and_name_together_tell_the_type(data: bytes, name: str, kind: str) -> None:
    """Where one of them says nothing, the other does; the name settles what is open."""
    assert kind == media_type(data, name)


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (PNG, "a.jpg", "'a.jpg' is named as image/jpeg, and begins as image/png: "),
        (PDF, "a.txt", "'a.txt' is named as text/plain, and begins as application/pdf: "),
        (PAGE, "a.jpg", "'a.jpg' is named as image/jpeg, and does not begin as such: "),
        (PAGE, "a.pdf", "'a.pdf' is named as application/pdf, and does not begin as such: "),
        (b"", "a.png", "'a.png' is named as image/png, and does not begin as such: "),
        (brand(b"qt  "), "a.mp4", "'a.mp4' is named as video/mp4, and begins as video/mov: "),
        (PAGE, "", "the type of these 39 bytes cannot be told by content or name: "),
        (PAGE, "a", "the type of 'a' cannot be told by content or name: "),
        (b"a", "a.\x1b[2J", "the type of 'a.\\x1b[2J' cannot be told by content or name: "),
        (
            brand(b"mif1"),
            "",
            "the type of these 20 bytes may be image/heif, image/heic: ",
        ),
    ],
)
def test_a_contradiction_is_no_type(data: bytes, name: str, message: str) -> None:
    """Nor is silence; the error says what was found, and what to give."""
    with pytest.raises(UsageError) as caught:
        media_type(data, name)
    assert str(caught.value).startswith(message)
    assert str(caught.value).endswith("give mime_type=…")


@pytest.mark.parametrize(("data", "name"), [(PNG, "a.jpg"), (b"", ""), (PAGE, "a.html")])
def test_a_type_that_is_given_is_the_type(data: bytes, name: str) -> None:
    """Whatever else is said; if it is a type at all."""
    assert "text/x-mine" == media_type(data, name, "text/x-mine")
    with pytest.raises(UsageError, match="'mine' is not a MIME type"):
        media_type(data, name, "mine")

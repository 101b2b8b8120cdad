"""The lines of an input, each a request or a complaint: read as they are needed, never at once."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any, BinaryIO, Literal, TypeAlias, cast

from attrs import frozen

from .. import codec, rawjson
from ..defaults import Defaults
from ..errors import ProtocolError, UsageError
from ..index import BOM
from ..jsonl import MAX_LINE, LineSplitter
from ..limits import PIECE
from ..methods import GENERATE, Method, embed
from ..models.embedding import EmbedContentRequest
from ..models.generation import GenerateContentRequest
from ..spool import MemorySpool
from ..submission import Entry, Submission
from ..text import printable
from .options import unreadable

Format: TypeAlias = Literal["auto", "jsonl", "text"]

SHOWN = 20
"""Bad lines that are shown one by one."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_WHERE = "request 0 (key '0')"


@frozen
class Kind:
    """What the lines of an input ask for.

    A line of JSON has a text in its member ``word``, or a whole ``request`` of this model.
    """

    word: str
    request: type[GenerateContentRequest | EmbedContentRequest]
    method: Method[Any]


PROMPTS = Kind("prompt", GenerateContentRequest, GENERATE)
TEXTS = Kind("text", EmbedContentRequest, embed())


class Input:
    """The requests of a file, in the order of its lines; iterate once.

    All lines are read before the first of them can be sent: at the end, one
    :class:`~gemini_batch.UsageError` tells of every line that is not a request, or clashes with the
    ``defaults``. ``exhausted`` says that the end was reached and all lines were good.
    """

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        form: Format = "auto",
        kind: Kind = PROMPTS,
        defaults: Defaults | None = None,
    ) -> None:
        self.exhausted = False
        self.defaults = defaults
        self._kind = kind
        self._file = file
        self._name = name
        self._form: Format = form
        self._guessed = form == "auto"
        self._keys = _Keys()
        self._refused = 0
        self._complaints: list[str] = []

    def __iter__(self) -> Iterator[Entry[Any]]:
        for number, text in self._lines():
            try:
                key, prompt = self._entry(number, text)
            except (ProtocolError, UsageError) as refused:
                self._complain(number, str(refused))
                continue
            if not self._refused:
                yield prompt if key is None else (key, prompt)
        self._judge()
        self.exhausted = True

    def _entry(self, number: int, text: bytes | None) -> tuple[str | None, Any]:
        """Return the key and the prompt of a line; every line counts, whatever is wrong with it."""
        try:
            key, prompt = _read(text, self._form, self._kind)
        except (ProtocolError, UsageError):
            self._keys.skip()
            raise
        self._keys.add(key, number)
        self._require_sendable(prompt)
        return key, prompt

    def _require_sendable(self, prompt: object) -> None:
        """Refuse here what submitting would refuse, because here the line is known."""
        try:
            Submission(MemorySpool(), self._kind.method, self.defaults).add([prompt])
        except UsageError as refused:
            said = str(refused).removeprefix(_WHERE)
            raise UsageError(said.removeprefix(": ").removeprefix(", ")) from None

    def _lines(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield the lines that are not empty, with their numbers from 1."""
        for number, line in enumerate(self._all_lines(), 1):
            text = line
            if number == 1 and line is not None:
                if line.startswith(_UTF16):
                    raise UsageError(f"{self._name} is UTF-16; save it as UTF-8. Nothing was sent")
                text = line.removeprefix(BOM)
            if text is None or text.strip():
                self._recognise(text or b"")
                yield number, text

    def _all_lines(self) -> Iterator[bytes | None]:
        splitter = LineSplitter()
        while piece := self._read_piece():
            for line in splitter.feed(piece):
                yield line.text
        for line in splitter.finish():
            yield line.text

    def _read_piece(self) -> bytes:
        try:
            return self._file.read(PIECE)
        except OSError as error:
            raise unreadable(self._name, error) from None

    def _recognise(self, text: bytes) -> None:
        """Tell the format by the first line that is not empty, unless it was given."""
        if self._form != "auto":
            return
        begun = text.strip()[:2]
        if begun in {b"[", b"[{"}:
            raise UsageError(
                f"{self._name} begins like a JSON array. One object a line is needed (jq -c '.[]' "
                "makes them of it); --format text takes each line as it is. Nothing was sent"
            )
        self._form = "jsonl" if begun[:1] == b"{" else "text"

    def _complain(self, number: int, reason: str) -> None:
        self._refused += 1
        if self._refused <= SHOWN:
            self._complaints.append(f"line {number}: {reason}")

    def _judge(self) -> None:
        if not len(self._keys):
            raise UsageError(f"{self._name} holds no {self._kind.word}s; nothing was sent")
        if not self._refused:
            return
        error = UsageError(
            f"{self._refused} of {len(self._keys)} lines of {self._name} cannot be sent; "
            "nothing was sent"
        )
        for complaint in self._complaints:
            error.add_note(complaint)
        if self._refused > SHOWN:
            error.add_note(f"and {self._refused - SHOWN} more")
        if self._guessed and self._form == "jsonl":
            error.add_note(
                "it was read as JSONL, because its first line begins with {; --format text takes "
                "each line as it is"
            )
        raise error


class _Keys:
    """Which line has which key. A line without one is numbered by its place among all of them."""

    def __init__(self) -> None:
        self._explicit: dict[str, int] = {}
        self._numbered = array("Q")  # the line of each place, 0 where it has a key of its own

    def __len__(self) -> int:
        return len(self._numbered)

    def skip(self) -> None:
        """Count a line of which no key is known."""
        self._numbered.append(0)

    def add(self, key: str | None, number: int) -> None:
        """Take the key of a line; one that is taken is refused."""
        name = str(len(self)) if key is None else key
        earlier = self._line_of(name)
        self._numbered.append(number if key is None else 0)
        if earlier:
            what = "number" if key is None else "key"
            raise UsageError(f"its {what} {name!a} is also that of line {earlier}")
        if key is not None:
            self._explicit[key] = number

    def _line_of(self, name: str) -> int:
        canonical = name.isascii() and name.isdigit() and len(name) < 19 and str(int(name)) == name
        if canonical and int(name) < len(self) and self._numbered[int(name)]:
            return self._numbered[int(name)]
        return self._explicit.get(name, 0)


def _read(text: bytes | None, form: Format, kind: Kind) -> tuple[str | None, Any]:
    if text is None:
        raise UsageError(f"it is longer than {MAX_LINE} bytes")
    return _read_json(text, kind) if form == "jsonl" else _read_text(text.removesuffix(b"\r"))


def _read_text(text: bytes) -> tuple[None, str]:
    try:
        return None, text.decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise UsageError(f"it is not UTF-8 (byte {wrong.start + 1})") from None


def _read_json(text: bytes, kind: Kind) -> tuple[str | None, Any]:
    tree = rawjson.parse(text)
    if not isinstance(tree, dict):
        raise UsageError("it is not a JSON object")
    members = cast("dict[str, object]", tree)
    key = members.pop("key", None)
    if not isinstance(key, str | None):
        raise UsageError(f"its key is {_excerpt(key)}, and a key is a string")
    if len(members) != 1 or not members.keys() <= {kind.word, "request"}:
        found = ", ".join(map(_excerpt, members)) or "nothing"
        raise UsageError(
            f"beside 'key' it needs '{kind.word}' or 'request' alone, and it has {found}"
        )
    [value] = members.values()
    if "request" in members:
        try:
            return key, codec.structure(value, kind.request)
        except ProtocolError as refused:
            raise UsageError(f"in its request: {refused}") from None
    if not isinstance(value, str):
        raise UsageError(f"its {kind.word} is {_excerpt(value)}, and a {kind.word} is a string")
    return key, value


def _excerpt(value: object) -> str:
    return printable(ascii(value), 60)

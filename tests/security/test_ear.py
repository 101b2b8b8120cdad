"""Every test is listened to, and whatever surface a key comes to, it is heard there.

A leak is seeded for each. These sing another song than the suite does, which would hear them, too.
"""

import logging
import os
import re
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gemini_batch import GeminiBatchError, SyncBatchClient
from gemini_batch.credentials import ApiKey
from gemini_batch.effects import Request
from gemini_batch.spool import FileSpool
from tests.canary import CANARY, SONG, Ear
from tests.docs.pages import ROOT

SONG_OF_SEEDS = "SEEDEDseeded"
SEED = f"AIza{SONG_OF_SEEDS}"

REAL = re.compile(r"AIza[\w-]{16,}")
"""What looks like a key that somebody could have."""

Seed = Callable[[], object]


@pytest.fixture
def seeds(monkeypatch: pytest.MonkeyPatch) -> Ear:
    """Return what listens for the keys that are seeded."""
    ear = Ear(SONG_OF_SEEDS)
    ear.hear_everything(monkeypatch)
    return ear


def log_below_the_level() -> None:
    """Tell the log of a library, which does not listen that deep."""
    logging.getLogger("urllib3.connectionpool").debug("sending %s", {"x-goog-api-key": SEED})


def log_an_error() -> None:
    """Tell the log of an error."""
    try:
        Path(SEED).stat()
    except OSError:
        logging.getLogger("gemini_batch").exception("it failed")


def warn() -> None:
    """Warn, and look at the warning."""
    with pytest.warns(UserWarning, match="the key"):
        warnings.warn(f"the key is {SEED}", stacklevel=1)


def fail() -> None:
    """Raise what is expected."""
    with pytest.raises(GeminiBatchError):
        raise GeminiBatchError(f"sent {SEED}")


def fail_behind_an_error() -> None:
    """Raise an error from another one, within a group."""
    with pytest.raises(ExceptionGroup):
        raise ExceptionGroup("all failed", [_chained()])


def _chained() -> Exception:
    outer = OSError("outside")
    outer.__context__ = GeminiBatchError("inside")
    outer.__context__.headers = {"x-goog-api-key": SEED}  # type: ignore[attr-defined]
    return outer


def spool() -> None:
    """Write to a file without a name."""
    kept = FileSpool()
    kept.append(SEED.encode())
    kept.close()


def send(said: bytes) -> None:
    """Send bytes to somebody on this machine."""
    here, there = socket.socketpair()
    with here, there:
        here.sendall(said)
        here.send(said)
        here.sendmsg([b"", said])


def child(*words: str, **environment: str) -> "subprocess.Popen[str]":
    """Begin a process."""
    return subprocess.Popen(
        [sys.executable, "-c", *words],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


SAYS = "import os, sys; {}.write(os.environ['GEMINI_API_KEY'])"


def child_says(where: str) -> Seed:
    """Return what has a child say its key."""

    def seed() -> None:
        child(SAYS.format(where), GEMINI_API_KEY=SEED).communicate()

    return seed


def child_is_read() -> None:
    """Read what a child says line by line."""
    with child(SAYS.format("sys.stdout"), GEMINI_API_KEY=SEED) as begun:
        assert begun.stdout is not None
        list(begun.stdout)


def child_crashes(hook: str) -> Seed:
    """Return what has a child end with a report of its variables."""
    source = f"""
import os, sys, threading, traceback
def report(kind, error, frames):
    told = traceback.TracebackException(kind, error, frames, capture_locals=True)
    sys.stderr.write("".join(told.format()))
sys.excepthook = report
threading.excepthook = lambda args: report(args.exc_type, args.exc_value, args.exc_traceback)
def crash(key=os.environ["GEMINI_API_KEY"]):
    raise RuntimeError
{hook}
"""

    def seed() -> None:
        child(source, GEMINI_API_KEY=SEED).communicate()

    return seed


def child_is_told(**environment: str) -> Seed:
    """Return what tells a child something by its environment."""

    def seed() -> None:
        child("", **environment).communicate()

    return seed


def key_of_its_own() -> None:
    """Make a client with a key that nobody listens for."""
    SyncBatchClient("a-key-of-its-own").close()


UNHEARD = "a key that is not tests.canary.CANARY, and so would not be heard"

SURFACES: dict[str, tuple[Seed, str]] = {
    "log": (log_below_the_level, "log of urllib3.connectionpool"),
    "log-error": (log_an_error, "log of gemini_batch: FileNotFoundError: str"),
    "warning": (warn, "warning"),
    "error": (fail, "GeminiBatchError: pickle"),
    "chain": (fail_behind_an_error, "GeminiBatchError: attributes"),
    "spool": (spool, "spool"),
    "url": (lambda: send(f"GET /?key={SEED} HTTP/1.1\r\n\r\n".encode()), "wire"),
    "body": (lambda: send(f"POST / HTTP/1.1\r\n\r\n{SEED}".encode()), "wire"),
    "another-header": (lambda: send(f"GET / HTTP/1.1\r\nCookie: {SEED}\r\n".encode()), "wire"),
    "stdout": (child_says("sys.stdout"), "stdout of a child"),
    "stderr": (child_says("sys.stderr"), "stderr of a child"),
    "read": (child_is_read, "stdout of a child"),
    "crash": (child_crashes("crash()"), "stderr of a child"),
    "crash-thread": (
        child_crashes("threading.Thread(target=crash).start()"),
        "stderr of a child",
    ),
    "arguments": (lambda: child("", SEED).communicate(), "arguments of a child"),
    "environment": (child_is_told(PASSWORD=SEED), "environment of a child: PASSWORD"),
    "key": (key_of_its_own, UNHEARD),
    "key-child": (child_is_told(GOOGLE_API_KEY="a-key-of-its-own"), UNHEARD),
}


@pytest.mark.parametrize(("seed", "where"), SURFACES.values(), ids=SURFACES)
def test_a_key_is_heard_wherever_it_surfaces(seed: Seed, where: str, seeds: Ear, ear: Ear) -> None:
    """Each surface is listened to."""
    seed()
    assert where in seeds.leaks
    ear.leaks.clear()  # it did not know the seeded key


def test_a_key_is_heard_in_what_a_test_reads_of_its_output(
    seeds: Ear, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of either stream."""
    os.write(1, SEED.encode())
    sys.stderr.write(SEED)
    capfd.readouterr()
    assert ["stdout", "stderr"] == seeds.leaks


def test_a_key_is_heard_in_files_and_their_names(seeds: Ear, tmp_path: Path) -> None:
    """Wherever under the folder of the test they are."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / f"{SEED}.txt").write_text("nothing")
    (tmp_path / "out").write_bytes(b"\0" + SEED.encode())
    seeds.hear_files(tmp_path)
    assert [f"name of {SEED}.txt", "file out"] == seeds.leaks


def test_a_key_is_heard_in_the_variables_of_the_package(
    seeds: Ear, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is not masked."""
    monkeypatch.setattr(ApiKey, "headers", lambda _: {"x-goog-api-key": SEED})
    request = Request("GET", "/v1beta/batches")
    with SyncBatchClient(CANARY, base_url="http://127.0.0.1:1") as client:
        monkeypatch.setattr(client._link._connection.session, "request", _refuse)
        logging.getLogger("gemini_batch").setLevel(logging.DEBUG)
        try:
            with pytest.raises(RuntimeError, match="no"):
                client._link._connection.send(request, float("inf"))
        finally:
            logging.getLogger("gemini_batch").setLevel(logging.NOTSET)
    assert any("local headers" in leak for leak in seeds.leaks)
    ear.leaks.clear()  # it did not know the seeded key


def _refuse(*_: object, **__: object) -> None:
    raise RuntimeError("no")


@pytest.mark.parametrize("name", ["x-goog-api-key", "X-Goog-Api-Key"])
def test_a_key_in_its_own_header_is_where_it_belongs(name: str, seeds: Ear) -> None:
    """And nothing is heard of it."""
    send(f"GET / HTTP/1.1\r\nhost: a\r\n{name}: {SEED}\r\n\r\n".encode())
    assert [] == seeds.leaks


# No test can be overlooked

SUITE = """
import logging, os, subprocess, sys
import pytest
from gemini_batch import SyncBatchClient

KEY = os.environ["A_KEY"]

def test_prints(): print(KEY)
def test_writes_to_the_descriptor(): os.write(2, KEY.encode())
def test_logs(): logging.getLogger("mine").debug(KEY)
def test_has_a_child_that_prints():
    say = ["sh", "-c", 'echo "$GEMINI_API_KEY"']
    subprocess.run(say, env={"GEMINI_API_KEY": KEY}, check=True)
def test_writes(tmp_path): (tmp_path / "x").write_text(KEY)
def test_has_a_key_of_its_own(): SyncBatchClient("another-key-than-that").close()
def test_is_good(tmp_path): SyncBatchClient(KEY).close()
"""


def test_every_test_is_listened_to_without_asking_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in what it prints and nobody reads."""
    (tmp_path / "conftest.py").write_bytes((ROOT / "tests" / "conftest.py").read_bytes())
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = real_time: may sleep\n")
    (tmp_path / "test_suite.py").write_text(SUITE)
    monkeypatch.setattr(Ear, "hear", lambda *_: None)  # the suite is told the key to sing it

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "--tb=no", "--show-capture=no"],
        cwd=tmp_path,
        env={**os.environ, "A_KEY": CANARY, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    outcomes = re.findall(r"^(PASSED|FAILED|ERROR) \S+::(\w+)", run.stdout, re.MULTILINE)
    heard = {name for outcome, name in outcomes if outcome != "PASSED"}
    assert {
        "test_prints",
        "test_writes_to_the_descriptor",
        "test_logs",
        "test_has_a_child_that_prints",
        "test_writes",
        "test_has_a_key_of_its_own",
    } == heard, run.stdout
    assert ("PASSED", "test_is_good") in outcomes


def files() -> Iterator[Path]:
    """Yield what is part of the project, and holds text."""
    for folder in ("docs", "gemini_batch", "tests", ".ci"):
        for path in sorted((ROOT / folder).rglob("*")):
            inside = path.relative_to(ROOT).parts
            if path.is_file() and not {"__pycache__", "_build", "node_modules"} & {*inside}:
                yield path
    yield from (path for path in sorted(ROOT.iterdir()) if path.suffix in {".md", ".toml", ".py"})


def test_no_key_that_could_be_real_is_anywhere() -> None:
    """What looks like one in the tests, the documentation or the package is a canary."""
    found = {
        (path.relative_to(ROOT).as_posix(), key)
        for path in files()
        for key in REAL.findall(path.read_text(encoding="utf-8", errors="replace"))
    }
    assert set() == {(name, key) for name, key in found if SONG not in key and key != "{SEED}"}
    assert [ROOT / "tests" / "canary.py"] == [path for path in files() if path.name == "canary.py"]


def test_a_key_that_could_be_real_would_be_found() -> None:
    """It is found by its shape."""
    assert ["AIza" + "Sy" * 17 + "x"] == REAL.findall("key = '" + "AIza" + "Sy" * 17 + "x'")

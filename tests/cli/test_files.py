"""``files``: upload, look, list, download and delete."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gemini_batch.cli import files
from gemini_batch.emulator import Emulator
from tests.cli.conftest import QUICKLY, Done

Command = Callable[..., Done]


@pytest.fixture
def uploaded(command: Command, prompts: str) -> str:
    """Upload a file, and return its name."""
    return command("files", "upload", prompts, "-q").out.strip()


def test_an_upload_prints_the_name_of_the_file(
    command: Command, emulator: Emulator, prompts: str
) -> None:
    """A shell can take it up; a person is told when the file expires."""
    done = command("files", "upload", prompts)
    [created] = emulator.acted.of("upload-start")
    assert 0 == done.status
    assert done.out.startswith("files/gb-")
    assert 1 == done.out.count("\n")
    assert "  display name  prompts.txt\n" in done.err
    assert "  expires       20" in done.err
    assert created is not None


def test_an_upload_can_be_named_and_typed(command: Command, prompts: str) -> None:
    """A name that is taken is refused; so is a file whose type nobody knows."""
    words = ("--name", "files/mine", "--display-name", "ours", "--mime-type", "text/csv")
    file = command("files", "upload", prompts, *words, "--json").facts["file"]
    assert ("files/mine", "ours", "text/csv", "ACTIVE", 14) == (
        file["name"],
        file["display_name"],
        file["mime_type"],
        file["state"],
        file["size_bytes"],
    )
    again = command("files", "upload", prompts, *words)
    assert (2, True) == (again.status, "files/mine exists already" in again.err)
    Path("prompts.what").write_text("x")
    untold = command("files", "upload", "prompts.what")
    assert (2, True) == (untold.status, "give --mime-type, such as text/plain" in untold.err)


@pytest.mark.parametrize("path", ["gone", "gone.txt", "folder", "pipe"])
def test_what_cannot_be_read_is_not_uploaded(
    path: str, command: Command, emulator: Emulator
) -> None:
    """Whatever its name ends with, that is what is wrong; a pipe is not waited for."""
    Path("folder").mkdir()
    os.mkfifo("pipe")
    done = command("files", "upload", path)
    assert (2, "") == (done.status, done.out)
    assert done.err.startswith(f"gemini-batch: {path} ")
    assert "read" in done.err
    assert [] == emulator.seen


def test_a_look_tells_all_that_is_known(command: Command, uploaded: str) -> None:
    """In words, and with every member for programs."""
    said = command("files", "get", uploaded)
    assert (0, "") == (said.status, said.err)
    assert said.out.startswith(f"{uploaded}: ACTIVE\n  display name  prompts.txt\n")
    assert "  bytes         14\n" in said.out
    facts = command("files", "get", uploaded, "--json").facts
    assert (0, uploaded, "text/plain") == (
        facts["exit_status"],
        facts["file"]["name"],
        facts["file"]["mime_type"],
    )


def test_a_list_is_a_table_or_lines_of_json(
    command: Command, uploaded: str, prompts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newest first, page by page, no more than asked for."""
    monkeypatch.setattr(files, "PAGE", 1)
    newer = command("files", "upload", prompts, "-q").out.strip()
    heading, *rows = command("files", "list").out.splitlines()
    assert ["NAME", "STATE", "BYTES", "EXPIRES"] == heading.split()[:4]
    assert [newer, uploaded] == [row.split()[0] for row in rows]
    assert ["ACTIVE", "14"] == rows[0].split()[1:3]
    lines = command("files", "list", "--json").out.splitlines()
    assert [newer, uploaded] == [json.loads(line)["name"] for line in lines]
    assert 1 == len(command("files", "list", "--json", "--limit", "1").out.splitlines())


def test_files_of_results_can_be_saved_as_they_are(command: Command, prompts: str) -> None:
    """A line for each request, in no order; an existing file is overwritten only by force."""
    name = command("submit", prompts, "-m", "m", "-q", "--via", "file").out.strip()
    command("wait", name, *QUICKLY)
    source = command("status", name, "--json").facts["batch"]["responses_file"]
    done = command("files", "download", source, "-o", "raw.jsonl")
    assert (0, f"{source} saved to raw.jsonl\n") == (done.status, done.out)
    assert 3 == len(Path("raw.jsonl").read_text().splitlines())
    assert 2 == command("files", "download", source, "-o", "raw.jsonl").status
    facts = command("files", "download", source, "-o", "raw.jsonl", "--force", "--json").facts
    assert {"exit_status": 0, "name": source, "output": "raw.jsonl"} == facts
    piped = command("files", "download", source, "-o", "-")
    assert (2, "") == (piped.status, piped.out)
    assert "give -o a file" in piped.err


def test_what_was_uploaded_is_not_given_back(command: Command, uploaded: str) -> None:
    """The service refuses, and nothing is saved."""
    done = command("files", "download", uploaded, "-o", "back.txt")
    assert (1, "") == (done.status, done.out)
    assert done.err.splitlines()[-1].startswith("gemini-batch: HTTP 4")
    assert not Path("back.txt").exists()


def test_files_are_deleted_one_by_one(command: Command, uploaded: str) -> None:
    """One that is missing is refused by the service, and keeps none from its turn."""
    done = command("files", "delete", "files/none", uploaded)
    assert (1, f"{uploaded}: deleted\n") == (done.status, done.out)
    assert done.err.startswith("gemini-batch: HTTP 403 PERMISSION_DENIED for files/none")
    facts = command("files", "delete", uploaded, "--json").facts
    [told] = facts["files"]
    assert (1, uploaded) == (facts["exit_status"], told["name"])
    assert "HTTP 403" in told["error"]


def test_the_help_shows_its_commands(command: Command) -> None:
    """In the order in which one needs them."""
    said = command("files", "--help").out
    order = [said.index(f"\n  {verb}") for verb in ("upload", "get", "list", "download", "delete")]
    assert sorted(order) == order

"""Batches that exist: look at them, wait for them, list, cancel, delete and find them again."""

import json
from collections.abc import Callable

import pytest

from gemini_batch import SyncBatchClient
from gemini_batch.cli import batches
from gemini_batch.emulator import Emulator
from tests.cli.conftest import QUICKLY, Done

Command = Callable[..., Done]
NOBODY = f"batches/{36 * 'x'}"


@pytest.fixture
def batch(command: Command, prompts: str) -> str:
    """Submit three prompts, and return the name of their batch."""
    return command(
        "submit", prompts, "-m", "gemini-2.5-flash", "--name", "weekly", "-q"
    ).out.strip()


def test_a_look_tells_all_that_is_known(command: Command, emulator: Emulator, batch: str) -> None:
    """The state comes first; results are left where they are."""
    done = command("status", batch)
    assert (0, "") == (done.status, done.err)
    first, *rest = done.out.splitlines()
    assert f"{batch}: SUCCEEDED" == first
    told = {line[2:16].strip(): line[16:] for line in rest}
    assert ("weekly", "models/gemini-2.5-flash", "3: 3 answered") == (
        told["display name"],
        told["model"],
        told["requests"],
    )
    assert told["created"].endswith(" UTC")
    assert 0 == emulator.acted.count("download")


def test_a_look_for_programs_has_every_member(command: Command, batch: str) -> None:
    """They are those of ``BatchOperation``, times as the service wrote them."""
    facts = command("status", batch, "--json").facts
    assert 0 == facts["exit_status"]
    seen = facts["batch"]
    assert (batch, "SUCCEEDED", True) == (seen["name"], seen["state"], seen["done"])
    assert f"weekly [{seen['label']}]" == seen["raw_display_name"]
    assert 3 == seen["stats"]["successful_request_count"]
    assert seen["create_time"].endswith("Z")
    assert seen["error"] is None


def test_a_batch_that_failed_says_why(command: Command, emulator: Emulator, prompts: str) -> None:
    """To look is no failure; to wait for success is one."""
    emulator.faults.add("states", "FAILED")
    name = command("submit", prompts, "-m", "m", "-q").out.strip()
    waited = command("wait", name, *QUICKLY)
    assert 1 == waited.status
    assert f"{name}: FAILED\n" in waited.out
    looked = command("status", name)
    assert 0 == looked.status
    assert "\n  error         " in looked.out
    error = command("status", name, "--json").facts["batch"]["error"]
    assert {"code", "status", "message"} == error.keys()


def test_a_wait_ends_with_the_batch_and_downloads_nothing(
    command: Command, emulator: Emulator, prompts: str
) -> None:
    """Quiet, it still tells what was asked for."""
    name = command("submit", prompts, "-m", "m", "-q", "--via", "file").out.strip()
    done = command("wait", name, *QUICKLY, "-q")
    assert (0, "") == (done.status, done.err)
    assert done.out.startswith(f"{name}: SUCCEEDED\n")
    assert 0 == emulator.acted.count("download")
    assert 0 == len(emulator.seen.of("download"))
    facts = command("wait", name, *QUICKLY, "--json").facts
    assert (0, "SUCCEEDED") == (facts["exit_status"], facts["batch"]["state"])


def test_a_wait_that_is_over_before_the_batch_says_how_to_go_on(
    command: Command, emulator: Emulator, prompts: str
) -> None:
    """The batch goes on, and the command names itself."""
    emulator.faults.add("states", "PENDING*2,RUNNING*90")
    name = command("submit", prompts, "-m", "m", "-q").out.strip()
    done = command("wait", name, *QUICKLY, "--timeout", "0.05")
    emulator.faults.clear()
    assert (1, "") == (done.status, done.out)
    first, second = done.err.splitlines()[-2:]
    assert first.startswith(f"gemini-batch: {name} is still ")
    assert first.endswith(" after 0.05 s")
    assert f"  still running: {name}; look again with: gemini-batch wait {name}" == second


def test_a_wait_without_patience_looks_and_counts_no_seconds(
    command: Command, emulator: Emulator, prompts: str
) -> None:
    """Nobody has waited."""
    emulator.faults.add("states", "RUNNING*90")
    name = command("submit", prompts, "-m", "m", "-q").out.strip()
    done = command("wait", name, *QUICKLY, "--timeout", "0")
    emulator.faults.clear()
    assert (1, f"gemini-batch: {name} is still RUNNING") == (done.status, done.err.splitlines()[-2])


@pytest.mark.parametrize("seconds", ["nan", "inf"])
@pytest.mark.parametrize("option", ["--timeout", "--poll-interval"])
def test_a_wait_has_a_length(option: str, seconds: str, command: Command, batch: str) -> None:
    """What is no number of seconds is refused at once, without last words."""
    done = command("wait", batch, option, seconds)
    assert (2, "") == (done.status, done.out)
    assert f"'{option}': {seconds} is not a number of seconds." in done.err
    assert "look again" not in done.err


def test_a_wait_for_one_batch_counts_its_requests(command: Command, batch: str) -> None:
    """There is nothing to say of the number of batches."""
    assert "waiting 3 of 3 requests\n" == command("wait", batch, *QUICKLY).err


def test_a_batch_of_embeddings_is_waited_for_like_any_other(command: Command, prompts: str) -> None:
    """Nobody has to say which kind it is."""
    name = command("submit", prompts, "-m", "m", "-q", "--embeddings").out.strip()
    assert 0 == command("wait", name, *QUICKLY).status


def test_a_list_is_a_table_newest_first(command: Command, prompts: str) -> None:
    """It has a heading, and what a display name holds cannot steer the terminal."""
    names = [
        command("submit", prompts, "-m", "m", "-q", "--name", title).out.strip()
        for title in ("first", "second\x1b[2J")
    ]
    done = command("list")
    assert (0, "") == (done.status, done.err)
    heading, *rows = done.out.splitlines()
    assert ["NAME", "STATE", "REQUESTS"] == heading.split()[:3]
    assert [*reversed(names)] == [row.split()[0] for row in rows]
    assert ["SUCCEEDED", "3"] == rows[0].split()[1:3]
    assert "second\\x1b[2J [gb-" in rows[0]


def test_a_list_for_programs_has_a_line_for_each_batch(
    command: Command, prompts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line is what ``status`` tells, but for where results are; a limit is kept."""
    monkeypatch.setattr(batches, "PAGE", 1)
    names = [command("submit", prompts, "-m", "m", "-q").out.strip() for _ in range(3)]
    lines = [json.loads(line) for line in command("list", "--json").out.splitlines()]
    assert [*reversed(names)] == [line["name"] for line in lines]
    looked_at = command("status", names[-1], "--json").facts["batch"]
    assert looked_at["inlined"]
    assert {"inlined", "responses_file"} == looked_at.keys() - lines[0].keys()
    assert lines[0].items() <= looked_at.items()
    assert 2 == len(command("list", "--json", "--limit", "2").out.splitlines())
    assert 1 + 1 == len(command("list", "--limit", "1").out.splitlines())


def test_no_batches_are_an_empty_list(command: Command) -> None:
    """A program gets no line, and neither does a person."""
    assert Done(0, "", "") == command("list") == command("list", "--json")


def test_batches_are_cancelled_one_by_one(
    command: Command, emulator: Emulator, prompts: str
) -> None:
    """One that cannot be does not keep the others from their turn; a repeated one has one."""
    emulator.faults.add("states", "RUNNING*9")
    running = command("submit", prompts, "-m", "m", "-q").out.strip()
    finished = command("submit", prompts, "-m", "m", "-q").out.strip()
    done = command("cancel", running, NOBODY, finished, running)
    assert 1 == done.status
    said = "asked to stop, unless it had ended before"
    assert f"{running}: {said}\n{finished}: {said}\n" == done.out
    assert done.err.startswith("gemini-batch: HTTP 404 NOT_FOUND")
    assert 1 == done.err.count("\n")
    assert running in [act.name for act in emulator.acted.of("cancel")]
    told = command("cancel", finished, "--json").facts
    assert [{"name": finished, "error": None}] == told["batches"]


def test_batches_are_deleted_one_by_one(command: Command, batch: str) -> None:
    """It asks nothing, and says what it did; a second time there is nothing to delete."""
    done = command("delete", batch)
    assert Done(0, f"{batch}: deleted, with its results\n", "") == done
    again = command("delete", batch, NOBODY, "--json")
    assert (1, 1) == (again.status, again.facts["exit_status"])
    assert [batch, NOBODY] == [one["name"] for one in again.facts["batches"]]
    assert all("HTTP 404" in one["error"] for one in again.facts["batches"])


def test_why_a_batch_could_not_be_deleted_is_told_without_the_words_of_a_program(
    command: Command, emulator: Emulator, batch: str
) -> None:
    """There is no handle here that could be given back."""
    emulator.faults.add("delete", "return-403")
    done = command("delete", batch)
    assert (1, "") == (done.status, done.out)
    assert done.err.startswith("gemini-batch: HTTP 403")
    assert "handle" not in done.err
    assert 0 == command("status", batch).status


@pytest.mark.parametrize("verb", ["cancel", "delete"])
def test_all_names_are_looked_at_before_anything_is_sent(
    verb: str, command: Command, emulator: Emulator, batch: str
) -> None:
    """A slip of the keyboard in the last name costs nothing."""
    seen = len(emulator.seen)
    done = command(verb, batch, "files/x")
    assert (2, "") == (done.status, done.out)
    assert "is not a name like batches/" in done.err
    assert seen == len(emulator.seen)


def test_an_interrupt_between_batches_says_how_many_are_left(
    command: Command, batch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were reached have been told of already."""
    sent: list[str] = []
    original = SyncBatchClient.get_batch

    def interrupted(self: SyncBatchClient, name: str) -> object:
        sent.append(name)
        if len(sent) == 2:
            raise KeyboardInterrupt
        return original(self, name)

    monkeypatch.setattr(SyncBatchClient, "get_batch", interrupted)
    done = command("delete", batch, NOBODY)
    assert (130, f"{batch}: deleted, with its results\n") == (done.status, done.out)
    assert "gemini-batch: interrupted\n  1 of 2 were not reached\n" == done.err


@pytest.mark.parametrize("kind", [[], ["--embeddings"]])
def test_a_label_leads_to_its_batch(kind: list[str], command: Command, prompts: str) -> None:
    """Whatever its answers are, and with or without the brackets it has in a display name."""
    made = command("submit", prompts, "-m", "m", "--json", *kind).facts
    found = command("adopt", f"[{made['label']}]")
    assert (0, f"{made['name']}\n") == (found.status, found.out)
    assert f"see how it fares: gemini-batch status {made['name']}\n" == found.err
    facts = command("adopt", made["label"], "--json").facts
    assert {"exit_status": 0, "name": made["name"], "label": made["label"]} == facts


def test_a_label_that_no_batch_has_is_said_so(command: Command) -> None:
    """The list may lag behind, so that it is no proof."""
    done = command("adopt", "gb-nobody")
    assert (1, "") == (done.status, done.out)
    first, second = done.err.splitlines()
    assert first.lower().endswith("no batch labelled gb-nobody was found")
    assert "  the list of the service may lag behind: look again later" == second


def test_what_is_no_label_is_said_in_the_words_of_the_command(
    command: Command, emulator: Emulator
) -> None:
    """It cannot be left out here."""
    done = command("adopt", "none")
    assert (2, "") == (done.status, done.out)
    assert "'none' is not a label: it begins with gb-" in done.err
    assert "leave it out" not in done.err
    assert [] == emulator.seen


@pytest.mark.parametrize(
    "words",
    [["status"], ["wait", *QUICKLY], ["cancel"], ["delete"], ["results", "-o", "x", *QUICKLY]],
)
def test_a_batch_that_is_not_there_is_a_failure_in_one_line(
    words: list[str], command: Command
) -> None:
    """The name may be wrong, so that nothing is said of it running."""
    done = command(*words, NOBODY)
    assert (1, "") == (done.status, done.out)
    assert done.err.startswith("gemini-batch: HTTP 404 NOT_FOUND")
    assert 1 == done.err.count("\n")
    failed = command(*words, NOBODY, "--json").facts
    assert 1 == failed["exit_status"]


@pytest.mark.parametrize(
    "words",
    [
        ["status", "batches/b"],
        ["wait", "batches/b"],
        ["list"],
        ["cancel", "batches/b"],
        ["delete", "batches/b"],
        ["adopt", "gb-label"],
        ["submit", "prompts.txt", "-m", "m"],
        ["files", "list"],
        ["files", "get", "files/f"],
        ["files", "upload", "prompts.txt"],
        ["files", "delete", "files/f"],
        ["files", "download", "files/f", "-o", "out"],
    ],
)
@pytest.mark.usefixtures("prompts")
def test_no_command_goes_without_a_key(
    words: list[str], command: Command, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line names the variables, and nothing is sent."""
    monkeypatch.delenv("GEMINI_API_KEY")
    done = command(*words)
    assert (2, "") == (done.status, done.out)
    assert done.err.startswith("gemini-batch: no API key: set GOOGLE_API_KEY or GEMINI_API_KEY in")
    assert [] == emulator.seen


@pytest.mark.parametrize(
    "words",
    [
        ["status", "batches/../x"],
        ["wait", "files/x"],
        ["wait", "batches/b", "--timeout", "-1"],
        ["list", "--limit", "0"],
        ["cancel"],
        ["delete"],
        ["adopt", "label"],
        ["files", "get", "batches/x"],
        ["files", "delete"],
        ["files", "download", "files/x"],
        ["files", "nothing"],
        ["submit", "prompts.txt"],
        ["submit", "prompts.txt", "-m", "m", "--via", "post"],
        ["submit", "prompts.txt", "-m", "m", "--task-type", "CLUSTERING"],
        ["status", "batches/b", "--emulator"],
        ["completion", "cmd"],
    ],
)
@pytest.mark.usefixtures("prompts")
def test_a_command_that_makes_no_sense_ends_with_2(
    words: list[str], command: Command, emulator: Emulator
) -> None:
    """Nothing is sent, and the reason is given."""
    done = command(*words)
    assert (2, "") == (done.status, done.out)
    assert "" != done.err
    assert [] == emulator.seen

"""What is said of a command that was cut short depends on how far it had come."""

import io
from typing import Any

import pytest

from gemini_batch import (
    ApiError,
    CreateOutcomeUnknownError,
    NotFoundError,
    Progress,
    ResultsGoneError,
    TransportError,
)
from gemini_batch.cli.inputs import Input
from gemini_batch.cli.options import Options, Target
from gemini_batch.cli.way import Way
from gemini_batch.progress import report_nothing

LABEL = f"gb-{26 * '0'}"


def way(*stages: Progress, read: bool = True, name: str = "", **options: Any) -> Way:
    """Return the way of a ``run`` that has seen these stages, and perhaps made a batch."""
    requests = Input(io.BytesIO(b"prompt\n"), "prompts")
    if read:
        list(requests)
    made = Way(Options(**options), "results", ("-o", "out.jsonl"), label=LABEL, input=requests)
    if name:
        made.meet(name)
    for stage in stages:
        made.noting(report_nothing)(stage)
    return made


UPLOADING = Progress("uploading", 5, 10)
UPLOADED = Progress("uploading", 10, 10)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (way(read=False), "no batch was made, and nothing was sent"),
        (way(UPLOADING), "no batch was made: the upload was not finished, and is not billed"),
        (
            way(UPLOADED),
            f"and may exist: before you submit again, look for it with: gemini-batch adopt {LABEL}",
        ),
        (
            way(),
            f"and may exist: before you submit again, look for it with: gemini-batch adopt {LABEL}",
        ),
        (way(emulator=True), "nothing is left of it: the emulator has ended"),
        (way(name="batches/b"), "still running: batches/b; look again with: "),
        (way(Progress("waiting", 0, 1, "RUNNING"), name="batches/b"), "still running: batches/b"),
        (
            way(Progress("waiting", 1, 1, "SUCCEEDED"), name="batches/b"),
            "the batch is finished: batches/b; look again with: ",
        ),
        (way(name="batches/b", emulator=True), "a batch of the emulator, which ended with this"),
    ],
)
def test_an_interrupt_tells_what_there_is_at_the_service(made: Way, words: str) -> None:
    """It never says that nothing was sent unless that is certain."""
    assert words in made.last_words(KeyboardInterrupt())


def test_an_error_before_the_batch_speaks_for_itself() -> None:
    """Only an interrupt has no words of its own."""
    assert "" == way(UPLOADING).last_words(TransportError("lost"))


@pytest.mark.parametrize("error", [NotFoundError(404), ResultsGoneError("batches/b", "files/f")])
def test_what_is_gone_is_not_to_be_looked_for(error: Exception) -> None:
    """To look again would only repeat the error."""
    assert "" == way(name="batches/b").last_words(error)


def test_a_batch_known_by_name_only_is_not_said_to_exist() -> None:
    """The name may be wrong; once the service has told of the batch it is right."""
    given = Way(Options(), name="batches/b")
    assert "" == given.last_words(ApiError(400))
    assert "still running" in given.last_words(KeyboardInterrupt())
    given.meet("batches/b")
    assert "still running" in given.last_words(ApiError(400))


def test_a_batch_whose_create_was_lost_is_looked_for_by_its_label() -> None:
    """The label is in the error, and the command that takes it is told."""
    lost = CreateOutcomeUnknownError(LABEL)
    assert way().last_words(lost).endswith(f"try gemini-batch adopt {LABEL}")
    assert "" == way(emulator=True).last_words(lost)


def test_the_command_to_go_on_with_has_the_options_of_this_one() -> None:
    """It can be pasted into a shell as it stands."""
    options = Options("https://example.com/a b")
    rest = (*Target("my answers", force=True).words, "--key-member", "custom id")
    made = Way(options, "results", rest)
    made.meet("batches/b")
    assert made.last_words(KeyboardInterrupt()).endswith(
        "gemini-batch results batches/b -o 'my answers' --force --key-member 'custom id' "
        "--base-url 'https://example.com/a b'"
    )


def test_progress_is_passed_on() -> None:
    """Taking notes does not keep it from being shown."""
    shown: list[Progress] = []
    way().noting(shown.append)(UPLOADING)
    assert [UPLOADING] == shown

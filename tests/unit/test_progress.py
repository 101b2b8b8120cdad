"""How far long work has come, on standard error."""

import pytest

from gemini_batch.progress import Progress, StderrReport, report_for, report_nothing


def test_a_line_is_written_for_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    """A stage that is reported a thousand times writes eleven lines."""
    report = StderrReport()
    for done in range(1001):
        report(Progress("uploading", done, 1000))
    out, err = capsys.readouterr()
    assert "" == out
    lines = err.splitlines()
    assert 11 == len(lines)
    assert "uploading 0 of 1000 bytes" == lines[0]
    assert "uploading 1000 of 1000 bytes" == lines[-1]


def test_a_line_is_written_for_each_stage_and_state(capsys: pytest.CaptureFixture[str]) -> None:
    """What does not change is not said twice."""
    report = StderrReport()
    for progress in (
        Progress("encoding", 256),
        Progress("encoding", 512),
        Progress("waiting", 0, None, "PENDING"),
        Progress("waiting", 0, 5, "PENDING"),
        Progress("waiting", 0, 5, "RUNNING"),
        Progress("waiting", 0, 5, "RUNNING"),
        Progress("downloading", 0, 0),
    ):
        report(progress)
    assert [
        "encoding 256 requests",
        "waiting PENDING 0 requests",
        "waiting RUNNING 0 of 5 requests",
        "downloading 0 bytes",
    ] == capsys.readouterr().err.splitlines()


def test_a_state_of_the_service_cannot_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A state that is not known is shown escaped."""
    StderrReport()(Progress("waiting", 1, 2, "\x1b]0;owned\x07"))
    assert "waiting \\x1b]0;owned\\x07 1 of 2 requests\n" == capsys.readouterr().err


def test_the_argument_progress_has_three_forms(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing, lines on standard error, or a function of the caller's own."""
    seen: list[Progress] = []
    progress = Progress("encoding", 1)
    assert report_nothing is report_for(progress=False)
    report_for(progress=False)(progress)
    assert "" == capsys.readouterr().err
    report_for(progress=True)(progress)
    assert "encoding 1 requests\n" == capsys.readouterr().err
    report_for(seen.append)(progress)
    assert [progress] == seen
    assert "" == capsys.readouterr().err


def test_each_report_begins_afresh(capsys: pytest.CaptureFixture[str]) -> None:
    """A second batch is told of like the first."""
    for _ in range(2):
        report_for(progress=True)(Progress("encoding", 1))
    assert "encoding 1 requests\n" * 2 == capsys.readouterr().err

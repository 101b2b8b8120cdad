"""A process that is killed at any step: nothing is paid for twice, and nothing is half there."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gemini_batch import BatchResults, CreateOutcomeUnknownError, UsageError
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade
from tests.conformance.mortal import ASKED, label_of
from tests.conformance.scenes import assert_answered

ROOT = Path(__file__).parents[2]


def killed(facade: Facade, emulator: Emulator, folder: Path, **calls: str) -> list[int]:
    """Make calls and kill each at its first step, at its second, and so on; return how often."""
    for verb in calls:
        (folder / verb / "spools").mkdir(parents=True)
    program = [sys.executable, "-m", "tests.conformance.mortal", facade.name, emulator.url]
    done = subprocess.run(
        [*program, str(folder), *(f"{verb}={name}" for verb, name in calls.items())],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    return [*map(int, done.stdout.split())]


def private(folder: Path, pattern: str) -> list[Path]:
    """Return files that were left, which nobody else may read."""
    left = [*folder.glob(pattern)]
    assert {0o600} >= {path.stat().st_mode & 0o777 for path in left}
    return left


def test_a_submission_that_is_killed_anywhere_is_found_again_and_never_made_twice(
    client: Any, facade: Facade, emulator: Emulator, tmp_path: Path
) -> None:
    """The next process adopts it by its label, or submits it where there is none to adopt."""
    steps = killed(facade, emulator, tmp_path, inline="", file="")
    made = {act.detail: act.name for act in emulator.acted.of("create")}
    assert len(made) == emulator.acted.count("create")
    for via, most in zip(("inline", "file"), steps, strict=True):
        found = []
        for step in range(most):
            label = label_of(via, step)
            try:
                found.append(client.adopt(label))
            except CreateOutcomeUnknownError:
                assert f"[{label}]" not in made
            else:
                assert found[-1].name == made[f"[{label}]"]
        assert 0 < len(found) < most > 20
        with found[0].results() as results:
            assert_answered(ASKED, results)
        last = label_of(via, most - 1)
        with pytest.raises(UsageError, match=f"has the label {last} already"):
            client.submit(ASKED, via=via, label=last)
        # What was killed while it made its spool has left that, and is in nobody's way.
        assert private(tmp_path / via / "spools", "gemini-batch-*")
    assert {"create", "upload-start", "upload-chunk"} == {act.operation for act in emulator.acted}


def test_a_file_that_is_being_saved_when_killed_is_whole_or_not_there(
    client: Any, facade: Facade, emulator: Emulator, tmp_path: Path
) -> None:
    """What was written of it has another name, and is in nobody's way."""
    batch = client.submit(ASKED, via="file")
    names = {"save": batch.name, "download": batch.operation().responses_file}
    steps = killed(facade, emulator, tmp_path, **names)
    for verb, most in zip(names, steps, strict=True):
        folder = tmp_path / verb
        whole = (folder / "whole.jsonl").read_bytes()
        saved = [path for path in folder.glob("*.jsonl") if path.stem != "whole"]
        assert 0 < len(saved) < most > 10, verb  # killed between its name and its end, too
        assert {whole} == {path.read_bytes() for path in saved}
        assert private(folder, ".gemini-batch-*.part")
        private(folder / "spools", "gemini-batch-*")
        with BatchResults.open(folder / "whole.jsonl") as results:
            assert_answered(ASKED, results)
    assert 1 == emulator.acted.count("create")

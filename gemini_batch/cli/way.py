"""How far a command has come, so that it can say where things stand when it is cut short."""

from __future__ import annotations

import secrets
import shlex

from attrs import define, field

from ..errors import CreateOutcomeUnknownError, NotFoundError, ResultsGoneError
from ..labels import ENTROPY, make_label
from ..progress import Progress, Report
from .inputs import Input
from .options import Options, Target


def _draw_label() -> str:
    return make_label(secrets.token_bytes(ENTROPY))


@define
class Way:
    """The way of one batch from its input, where there is one, to its file of answers.

    ``name`` is set as soon as it is known.
    """

    options: Options
    target: Target
    key_member: str = "key"
    label: str = field(factory=_draw_label)
    input: Input | None = None
    name: str = ""
    _stages: dict[str, Progress] = field(factory=dict[str, Progress], init=False)

    def noting(self, report: Report) -> Report:
        """Return a report that also notes how far things are."""

        def note(progress: Progress) -> None:
            self._stages[progress.stage] = progress
            report(progress)

        return note

    def last_words(self, error: BaseException) -> str:
        """Say what there is at the service after ``error``, and how to go on with it."""
        if isinstance(error, NotFoundError | ResultsGoneError | CreateOutcomeUnknownError):
            return ""  # the error says all there is to say
        if not self.name:
            return "" if isinstance(error, Exception) else self._before_the_batch()
        if isinstance(error, Exception) and not self._exists:
            return ""
        if self.options.emulator:
            return f"{self.name} was a batch of the emulator, which ended with this command"
        where = "the batch is finished" if self._finished else "still running"
        return f"{where}: {self.name}; look again with: {self._again()}"

    @property
    def _exists(self) -> bool:
        """Whether the service told of the batch, and not the caller alone."""
        return self.input is not None or "waiting" in self._stages

    @property
    def _finished(self) -> bool:
        waiting = self._stages.get("waiting")
        return waiting is not None and waiting.state not in {"PENDING", "RUNNING"}

    def _before_the_batch(self) -> str:
        uploading = self._stages.get("uploading")
        if self.input is None or not self.input.exhausted:
            return "no batch was made, and nothing was sent"
        if uploading is not None and uploading.done != uploading.total:
            return "no batch was made: the upload was not finished, and is not billed"
        return (
            "the batch was about to be made, and may exist: before you submit again, look for a "
            f"display name that holds [{self.label}]"
        )

    def _again(self) -> str:
        words = ["gemini-batch", "results", self.name, "-o", self.target.path]
        words += ["--force"] if self.target.force else []
        words += ["--key-member", self.key_member] if self.key_member != "key" else []
        words += ["--base-url", self.options.base_url] if self.options.base_url else []
        return shlex.join(words)

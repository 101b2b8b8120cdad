"""How far a command has come, so that it can say where things stand when it is cut short."""

from __future__ import annotations

import secrets
import shlex
from typing import Any

from attrs import define, field

from ..errors import CreateOutcomeUnknownError, NotFoundError, ResultsGoneError
from ..labels import ENTROPY, make_label
from ..models.embedding import EmbedContentResponse
from ..models.generation import GenerationResponse
from ..progress import Progress, Report
from ..states import FINAL
from ..sync import SyncBatchClient, SyncBatchHandle
from .inputs import Input
from .options import Options


def _draw_label() -> str:
    return make_label(secrets.token_bytes(ENTROPY))


@define
class Way:
    """The way of one batch through a command.

    ``input`` is set where the command makes the batch, and ``name`` where it is given one. ``verb``
    and ``rest`` are the command that goes on with the batch, but for its name.
    """

    options: Options
    verb: str = "results"
    rest: tuple[str, ...] = ()
    label: str = field(factory=_draw_label)
    input: Input | None = None
    name: str = ""
    _exists: bool = field(default=False, init=False)
    _stages: dict[str, Progress] = field(factory=dict[str, Progress], init=False)

    def meet(self, name: str) -> None:
        """Note the name of the batch, now that the service has told of it."""
        self.name = name
        self._exists = True

    def noting(self, report: Report) -> Report:
        """Return a report that also notes how far things are."""

        def note(progress: Progress) -> None:
            self._stages[progress.stage] = progress
            report(progress)

        return note

    def last_words(self, error: BaseException) -> str:
        """Say what there is at the service after ``error``, and how to go on with it."""
        if isinstance(error, NotFoundError | ResultsGoneError):
            return ""  # the error says all there is to say
        if isinstance(error, CreateOutcomeUnknownError):
            if self.options.emulator:
                return ""
            return f"a batch that exists is billed: before you submit again, try {self._adopt()}"
        if not self.name:
            return "" if isinstance(error, Exception) else self._before_the_batch()
        if isinstance(error, Exception) and not self._exists:
            return ""
        if self.options.emulator:
            return self.of_the_emulator()
        where = "the batch is finished" if self._finished else "still running"
        return f"{where}: {self.name}; look again with: {self.again()}"

    def of_the_emulator(self) -> str:
        """Say that nothing can be done with the batch any more."""
        return f"{self.name} was a batch of the emulator, which ended with this command"

    def again(self) -> str:
        """Return the command that goes on with the batch, as one types it."""
        return self.command(self.verb, self.name, *self.rest)

    def command(self, *words: str) -> str:
        """Return a command to the same service as this one."""
        base_url = self.options.base_url
        there = ["--base-url", base_url] if base_url else []
        return shlex.join(["gemini-batch", *words, *there])

    @property
    def _finished(self) -> bool:
        waiting = self._stages.get("waiting")
        return "downloading" in self._stages or (waiting is not None and waiting.state in FINAL)

    def _before_the_batch(self) -> str:
        uploading = self._stages.get("uploading")
        if self.input is None or not self.input.exhausted:
            return "no batch was made, and nothing was sent"
        if uploading is not None and uploading.done != uploading.total:
            return "no batch was made: the upload was not finished, and is not billed"
        if self.options.emulator:
            return "nothing is left of it: the emulator has ended with this command"
        return (
            "the batch was about to be made, and may exist: before you submit again, look for it "
            f"with: {self._adopt()}"
        )

    def _adopt(self) -> str:
        return self.command("adopt", self.label)


def met(
    client: SyncBatchClient, name: str, way: Way, key_member: str = "key"
) -> SyncBatchHandle[Any]:
    """Return the handle of a batch that exists, after a look at what its answers are."""
    seen = client.get_batch(name)
    way.name = seen.name
    operation = seen.operation()
    way.meet(seen.name)
    answers = EmbedContentResponse if operation.embeddings else GenerationResponse
    return client.get_batch(operation, answers=answers, key_member=key_member)

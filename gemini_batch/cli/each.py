"""Do the same to several things at the service, whatever becomes of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..endpoints.names import require_name
from ..errors import GeminiBatchError, HandleReturnedError
from ..sync import SyncBatchClient
from .endings import Ending, Exit, account_of, conduct
from .options import Options


def each(
    options: Options,
    collection: str,
    names: Sequence[str],
    act: Callable[[SyncBatchClient, str], str],
) -> Exit:
    """Act on each of these names, and tell in words what was done to it.

    All names are looked at before anything is sent. One that fails does not keep the others from
    their turn; the exit status is 1.
    """
    screen = options.screen()
    facts: list[dict[str, object]] = []

    def go() -> Ending:
        failed = 0
        wanted = [require_name(name, collection) for name in dict.fromkeys(names)]
        with options.client() as client:
            for name in wanted:
                try:
                    done = act(client, name)
                except GeminiBatchError as error:
                    failed += 1
                    reason = error.reason if isinstance(error, HandleReturnedError) else error
                    _, said, notes = account_of(reason)
                    facts.append({"name": name, "error": said})
                    screen.complain(said if name in said else f"{name}: {said}", *notes)
                else:
                    facts.append({"name": name, "error": None})
                    screen.tell(f"{name}: {done}")
        return Ending(Exit.FAILED if failed else Exit.COMPLETE, facts={collection: facts})

    def last_words(_: BaseException) -> str:
        left = len(dict.fromkeys(names)) - len(facts)
        return f"{left} of {len(facts) + left} were not reached" if facts and left else ""

    return conduct(options.interrupts, screen, go, last_words)

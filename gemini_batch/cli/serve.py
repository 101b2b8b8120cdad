"""``emulator``: the service on this machine, for as long as one likes."""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Literal

import attrs
import click

from ..errors import UsageError
from .arguments import example, told
from .endings import Ending, Exit, conduct
from .options import Options
from .show import Screen

if TYPE_CHECKING:
    from ..emulator import Emulator

KEY = "any-key"
"""An API key as good as any other."""


@click.command(
    "emulator",
    short_help="Run the service on this machine.",
    epilog=example(
        "gemini-batch emulator --clock 3600",
        "gemini-batch emulator --fault create:reset-after-acting --fault 'get:return-503*2'",
        "gemini-batch emulator --answer 'row-7:block=SAFETY' --limit concurrent_batches=2",
    ),
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8085,
    show_default=True,
    help="Where to listen; 0 takes a free port.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The interface to listen on; any other can be reached from elsewhere.",
)
@click.option(
    "--clock",
    default="real",
    show_default=True,
    metavar="real|manual|SPEED",
    help="How time passes: as ever, by hand, or so many seconds for each.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="OPERATION:FAULT",
    help="What is to go wrong, in this order; may be given many times.",
)
@click.option(
    "--answer",
    "answers",
    multiple=True,
    metavar="KEY:ANSWER",
    help="What requests with this key get; * and ? stand for anything in it.",
)
@click.option(
    "--answers",
    "answers_file",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="A file of such answers, in JSON lines.",
)
@click.option(
    "--keys",
    multiple=True,
    metavar="KEY[,KEY...]",
    help="The only API keys that are let in; without it, any is.",
)
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=NUMBER",
    help="How much of something is allowed; may be given many times.",
)
@told
def emulator(options: Options, **asked: Any) -> Exit:
    """Run an emulator of the service on this machine until Ctrl-C, which is no failure.

    It prints the environment variables that lead this command, the clients of this package and
    those of Google to it. Nobody but this machine can reach it, unless --host says so. A batch
    takes a second, and about one request in a hundred fails, none if answers are given.

    With --clock manual no time passes but what standard input says: each line is a number of
    seconds. The refusal of a fault, an answer or a limit that there is not names all there are.
    """
    screen = options.screen(stdout_taken=True)
    wanted = Wanted(**asked)

    def go() -> Ending:
        with closing(_started(wanted)) as running:
            _introduce(running.url, screen, any_key=not wanted.keys, as_json=options.as_json)
            with suppress(KeyboardInterrupt):  # which is how it ends
                _serve(running, screen, by_hand=wanted.clock == "manual")
            unmet = running.faults.pending
        remarks = (f"never met: {fault}" for fault in unmet)
        return Ending(Exit.COMPLETE, ("the emulator has ended", *remarks), facts=None)

    return conduct(options.interrupts, screen, go)


@attrs.frozen(kw_only=True)
class Wanted:
    """What the options of the command ask for."""

    host: str
    port: int
    clock: str
    faults: tuple[str, ...]
    answers: tuple[str, ...]
    answers_file: str | None
    keys: tuple[str, ...]
    limits: tuple[str, ...]

    @property
    def own_answers(self) -> bool:
        """Say whether any answer is not left to the emulator."""
        return bool(self.answers) or self.answers_file is not None


def _started(wanted: Wanted) -> Emulator:
    from ..emulator import Emulator, Limits  # noqa: PLC0415 - slow to load, seldom needed

    names = [name for given in wanted.keys for name in given.split(",") if name]
    if wanted.keys and not names:
        raise UsageError("--keys names no key, so that nobody would be let in")
    allowed = dict(_limit(given, Limits.names()) for given in wanted.limits)
    try:
        made = Emulator(
            wanted.answers_file,
            failure_rate=0 if wanted.own_answers else None,
            host=wanted.host,
            port=wanted.port,
            clock=_pace(wanted.clock),
            keys=names if wanted.keys else None,
            limits=Limits(**allowed),
        )
        for fault in wanted.faults:
            operation, _, text = fault.partition(":")
            made.faults.add(operation, text)
        for answer in wanted.answers:
            key, _, text = answer.partition(":")
            made.answers.add(key, text)
    except ValueError as refused:
        raise UsageError(str(refused)) from None
    try:
        made.start()
    except OSError as refused:
        # What asyncio tells differs from version to version; without a number, no address was good.
        number = refused.errno or errno.EADDRNOTAVAIL
        unknown = isinstance(refused, socket.gaierror) or number == errno.EADDRNOTAVAIL
        why = "no such host" if isinstance(refused, socket.gaierror) else os.strerror(number)
        error = OSError(number, why, f"host {wanted.host}" if unknown else f"port {wanted.port}")
        error.add_note(
            "--host is a name or an address of this machine"
            if unknown
            else "give another --port; --port 0 takes a free one"
        )
        raise error from None
    return made


def _pace(clock: str) -> Literal["real", "manual"] | float:
    match clock:
        case "real" | "manual":
            return clock
        case _:
            try:
                return float(clock)
            except ValueError:
                raise UsageError(f"--clock is real, manual or a number, not {clock!a}") from None


def _limit(given: str, known: Collection[str]) -> tuple[str, int]:
    name, _, number = given.partition("=")
    name = name.replace("-", "_")
    if name not in known or not (number.isascii() and number.isdigit()):
        names = ", ".join(known)
        raise UsageError(f"--limit is NAME=NUMBER, not {given!a}; the names are {names}")
    return name, int(number)


def _introduce(url: str, screen: Screen, *, any_key: bool, as_json: bool) -> None:
    variables = {"GEMINI_API_KEY": KEY} if any_key else {}  # a key that was told is not repeated
    variables["GOOGLE_GEMINI_BASE_URL"] = url
    facts: dict[str, Any] = {"url": url, "environment": variables}
    if as_json:
        screen.answer("", facts)
    for name, value in variables.items() if not as_json else ():
        screen.answer(f"export {name}={value}", {})
    sys.stdout.flush()
    screen.say(f"the emulator runs at {url} until Ctrl-C")
    if not as_json:
        screen.say("the lines above lead this package to it, and the clients of Google")
    for line in _settings(url, any_key=any_key):
        screen.say(line)


def _settings(url: str, *, any_key: bool) -> Iterator[str]:
    """Yield a line for each kind of client; a client with a key of its own is not told it here."""
    python, script = (f"'{KEY}', ", f"apiKey: '{KEY}', ") if any_key else ("", "")
    named = f"api_key={python}" if any_key else ""
    header = f"'x-goog-api-key: {KEY}'" if any_key else '"x-goog-api-key: $GEMINI_API_KEY"'
    yield f"gemini-batch: SyncBatchClient({python}base_url='{url}')"
    yield f"google-genai in Python: genai.Client({named}http_options={{'base_url': '{url}'}})"
    yield f"@google/genai: new GoogleGenAI({{{script}httpOptions: {{baseUrl: '{url}'}}}})"
    yield f"curl: curl -H {header} {url}/v1beta/batches"
    told = '{"operation": "get", "fault": "return-503"}'
    yield f"a fault, from any program: curl -d '{told}' {url}/emulator/faults"


def _serve(running: Emulator, screen: Screen, *, by_hand: bool) -> None:
    """Let time pass until Ctrl-C."""
    for line in sys.stdin if by_hand else ():
        try:
            running.advance(float(line))
        except ValueError:
            screen.complain(f"{line.strip()!a} is not a number of seconds")
        else:
            screen.say(f"{float(line):g} seconds have passed")
    _stand_still()


def _stand_still() -> None:
    threading.Event().wait()

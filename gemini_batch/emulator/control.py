"""The control endpoint: faults, time and records over HTTP, for tests in any language.

It is no part of the service. Its paths begin with ``/emulator``, it asks for no key, and what it is
asked is not recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import attrs
from aiohttp import web

from .clock import Clock
from .faults import Faults
from .json_in import BrokenJsonError, is_array, is_object, parse
from .records import Act, Log, Seen
from .replies import Reply, json_reply, refusal_reply
from .rules import Rules
from .wire import JsonObject, RefusalError

PREFIX = "/emulator"


Ask: TypeAlias = Callable[[web.BaseRequest, Any], JsonObject]


class Control:
    """Answer what tests ask of the emulator itself."""

    def __init__(
        self, *, faults: Faults, rules: Rules, clock: Clock, acted: Log[Act], seen: Log[Seen]
    ) -> None:
        self._faults = faults
        self._rules = rules
        self._clock = clock
        self._acted = acted
        self._seen = seen
        self._routes: Mapping[tuple[str, str], Ask] = {
            ("GET", "/faults"): self._show_faults,
            ("POST", "/faults"): self._add_faults,
            ("DELETE", "/faults"): self._clear_faults,
            ("GET", "/answers"): self._show_answers,
            ("POST", "/answers"): self._add_answers,
            ("DELETE", "/answers"): self._clear_answers,
            ("POST", "/advance"): self._advance,
            ("GET", "/acted"): self._show_acted,
            ("GET", "/seen"): self._show_seen,
        }

    async def answer(self, request: web.BaseRequest) -> Reply:
        """Answer one request."""
        body = await request.read()
        try:
            return json_reply(self._answer(request, body))
        except RefusalError as refusal:
            return refusal_reply(refusal)
        except ValueError as refused:
            return refusal_reply(RefusalError(400, str(refused)))

    def _answer(self, request: web.BaseRequest, body: bytes) -> JsonObject:
        if _is_from_a_page(request):
            raise RefusalError(403, "The emulator is not moved by pages of the web.")
        ask = self._routes.get((request.method, request.path.removeprefix(PREFIX)))
        if ask is None:
            known = ", ".join(f"{method} {PREFIX}{path}" for method, path in self._routes)
            raise RefusalError(404, f"The emulator can be asked for {known}.")
        try:
            told = parse(body) if body.strip() else None
        except BrokenJsonError as broken:
            raise RefusalError(400, "The body is not JSON.") from broken
        return ask(request, told)

    def _show_faults(self, request: web.BaseRequest, told: Any) -> JsonObject:
        del request, told
        return {"pending": self._faults.pending}

    def _add_faults(self, request: web.BaseRequest, told: Any) -> JsonObject:
        for operation, fault in _checked(told, "operation", "fault", _try_fault):
            self._faults.add(operation, fault)
        return self._show_faults(request, told)

    def _clear_faults(self, request: web.BaseRequest, told: Any) -> JsonObject:
        self._faults.clear()
        return self._show_faults(request, told)

    def _show_answers(self, request: web.BaseRequest, told: Any) -> JsonObject:
        del request, told
        return {"answers": self._rules.told}

    def _add_answers(self, request: web.BaseRequest, told: Any) -> JsonObject:
        for key, answer in _checked(told, "key", "answer", Rules().add):
            self._rules.add(key, answer)
        return self._show_answers(request, told)

    def _clear_answers(self, request: web.BaseRequest, told: Any) -> JsonObject:
        self._rules.clear()
        return self._show_answers(request, told)

    def _advance(self, request: web.BaseRequest, told: Any) -> JsonObject:
        del request
        seconds = told.get("seconds") if is_object(told) else None
        if not isinstance(seconds, int | float) or isinstance(seconds, bool):
            raise RefusalError(400, 'The body is {"seconds": NUMBER}.')
        self._clock.advance(seconds)
        return {}

    def _show_acted(self, request: web.BaseRequest, told: Any) -> JsonObject:
        del told
        return {"acted": _shown(request, self._acted)}

    def _show_seen(self, request: web.BaseRequest, told: Any) -> JsonObject:
        del told
        return {"seen": _shown(request, self._seen)}


def _checked(
    told: Any, first: str, second: str, attempt: Callable[[str, Any], None]
) -> Sequence[tuple[str, Any]]:
    """Return what is to be added, one or a list of them; if one of them is wrong, none is added."""
    wanted = told if is_array(told) else [told]
    pairs: list[tuple[str, Any]] = []
    for one in wanted:
        if not is_object(one) or {first, second} != one.keys() or not isinstance(one[first], str):
            raise RefusalError(
                400, f'The body is {{"{first}": …, "{second}": …}}, or a list of it.'
            )
        pairs.append((one[first], one[second]))
    for pair in pairs:
        attempt(*pair)
    return pairs


def _try_fault(operation: str, fault: Any) -> None:
    if not isinstance(fault, str):
        raise RefusalError(400, "A fault is a text.")
    Faults().add(operation, fault)


def _is_from_a_page(request: web.BaseRequest) -> bool:
    """Say whether a browser asks on behalf of a page, or by a name that a page may have made up."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    if "Origin" in request.headers or site not in {"none", "same-origin"}:
        return True
    host = urlsplit(f"//{request.host}").hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")
    return False


def _shown(request: web.BaseRequest, log: Log[Any]) -> list[JsonObject]:
    """Return what was recorded, of one operation if one is named."""
    operation = request.query.get("operation")
    entries = log.entries()
    return [attrs.asdict(one) for one in (entries.of(operation) if operation else entries)]

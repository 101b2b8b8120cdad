"""A scenario: one public method, what is prepared for it, and when its outcome is sound."""

from collections.abc import Callable
from functools import partial
from typing import Any

from attrs import frozen

from tests.conformance.stage import Act, Stage


@frozen
class Scenario:
    """A use of one public ``method``, such as ``BatchHandle.wait``.

    ``prepare`` sets the stage and returns the act, which may be played more than once. ``check``
    fails unless its outcome is sound.
    """

    method: str
    prepare: Callable[[Stage], Act]
    check: Callable[[Stage, Any], None]


SCENARIOS: dict[str, Scenario] = {}
"""Every scenario, by its name in the table."""


def scenario(
    method: str, check: Callable[[Stage, Any], None], **variants: dict[str, Any]
) -> Callable[[Callable[..., Act]], Callable[..., Act]]:
    """Enter a scenario under the name of its function, once for each variant of its arguments."""

    def enter(prepare: Callable[..., Act]) -> Callable[..., Act]:
        for variant, arguments in (variants or {"": {}}).items():
            name = "_".join(filter(None, (prepare.__name__, variant)))
            assert name not in SCENARIOS
            SCENARIOS[name] = Scenario(method, partial(prepare, **arguments), check)
        return prepare

    return enter

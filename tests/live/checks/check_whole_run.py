"""What shows only when all else was asked."""

from __future__ import annotations

import re

import pytest

from gemini_batch.endpoints.names import is_name
from tests.live.asked import Asked
from tests.live.fields import strange
from tests.live.service import Service
from tests.live.specimens import ROLES, Specimens

_SECONDS = re.compile(r"\d+(\.\d+)?s", re.ASCII)


@pytest.mark.specimen(*ROLES)
def test_names_fit_the_grammar(asked: Asked, service: Service, specimens: Specimens) -> None:
    """Are all names of batches and files that came back such as the package takes?"""
    for role in ROLES:
        specimens.ended(role)
    names = sorted(service.names)
    bad = [ascii(name) for name in names if not is_name(name, name.partition("/")[0])]
    ids = [name.partition("/")[2] for name in names]
    asked.settle(
        "batches/ or files/ and up to 64 letters, digits, dashes and underscores",
        {
            "names": len(names),
            "lengths": sorted({len(one) for one in ids}),
            "characters": "".join(sorted(set("".join(ids)))),
            "others": bad,
        },
        same=not bad,
        broken=bool(bad),
    )


@pytest.mark.specimen(*ROLES)
def test_fields_that_the_table_does_not_have(
    asked: Asked, service: Service, specimens: Specimens
) -> None:
    """Which members and values of enums came back that the field table does not have?"""
    for role in ROLES:
        specimens.ended(role)
    found = set(service.strange)
    for role in ("file", "odd keys by file"):
        for line in specimens.results(role):
            if "response" in line:
                found.update(strange(line["response"], "GenerateContentResponse"))
    asked.settle(
        "none; what it does not know the package keeps",
        {"members": sorted(found)},
        same=not found,
    )


@pytest.mark.specimen("inline", "file")
def test_replies_are_not_compressed(asked: Asked, service: Service, specimens: Specimens) -> None:
    """Does every reply come as it is, where that is asked for?"""
    specimens.ended("inline"), specimens.ended("file")
    codings = sorted(service.encoded)
    asked.settle(
        "every one: a coding that was not asked for is an error",
        {"replies": service.asked, "codings": codings},
        same=not codings,
        broken=bool(codings),
    )


@pytest.mark.specimen("inline", "file")
def test_what_a_429_says(asked: Asked, service: Service, specimens: Specimens) -> None:
    """Does a refusal for quota, if one was met, say how long to wait, and which quota it is?"""
    specimens.ended("inline"), specimens.ended("file")
    assumed = "RetryInfo in seconds, or nothing: then the client waits by itself"
    met = service.throttled
    if not met:
        asked.leave("no request was refused with 429, and none is provoked", assumed, met=False)
    delays = [
        detail["retryDelay"] for one in met for detail in one["details"] if "retryDelay" in detail
    ]
    legible = all(_SECONDS.fullmatch(delay) for delay in delays)
    asked.settle(assumed, {"met": met}, same=legible)

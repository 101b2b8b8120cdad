"""Call one function of this folder and print what it returns, as JSON, on the last line."""

from __future__ import annotations

import importlib
import json
import sys

from tests.benchmarks.processes import NotHereError


def main(function: str, arguments: str) -> None:
    """Call the function that is named by its module and itself."""
    module, _, name = function.rpartition(".")
    called = getattr(importlib.import_module(f"tests.benchmarks.{module}"), name)
    try:
        answer = {"returned": called(**json.loads(arguments))}
    except NotHereError as absent:
        answer = {"absent": str(absent)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])

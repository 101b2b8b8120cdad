"""The command line, over the synchronous client; it needs the extra ``cli``.

Nothing of click or rich is loaded before :func:`main` is called.
"""

from __future__ import annotations

import sys

NEEDED = {"click", "rich"}
"""What the extra ``cli`` installs."""


def main() -> None:
    """Run ``gemini-batch``, and end the process with its exit status."""
    try:
        from .app import run_app  # noqa: PLC0415 - a base install has neither click nor rich
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in NEEDED:
            raise
        sys.stderr.write(
            f"gemini-batch: the command line needs {missing.name}, which is not installed here: "
            "pip install 'gemini-batch[cli]'\n"
        )
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(run_app(sys.argv[1:]))

"""The command line, over the synchronous client; it needs the extra ``cli``.

Nothing of click or rich is loaded before :func:`main` is called.
"""

from __future__ import annotations

import signal
import sys

from .streams import stand_in

NEEDED = {"click", "rich"}
"""What the extra ``cli`` installs."""


def main() -> None:
    """Run ``gemini-batch``, and end the process with its exit status."""
    stand_in()
    # While it is being loaded, and when all is said, Ctrl-C just ends it, without a traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
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
    sys.exit(run_app(sys.argv[1:]))

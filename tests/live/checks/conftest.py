"""What holds in no test but these: they are about the world outside.

Nothing here is collected by the suite itself: no file is called ``test_…``.
"""

import pytest


@pytest.fixture(autouse=True)
def outside_world() -> None:
    """Let the network, real time and the settings of this machine in."""


@pytest.fixture(autouse=True)
def ear() -> None:
    """Take the key as it is: it is no canary. Of all that is written down it is taken out."""

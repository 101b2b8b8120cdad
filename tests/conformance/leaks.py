"""Look for the API key wherever an error could have taken it."""

from tests.canary import Ear


def leaks_of(error: BaseException, secret: str) -> list[str]:
    """Return where an error, or one behind it, shows a secret to a reader or a crash report."""
    ear = Ear(secret)
    ear.hear_error(error)
    return ear.leaks

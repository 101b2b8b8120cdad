"""Which certificates are trusted, by what the environment says."""

from pathlib import Path

import pytest

from gemini_batch import UsageError
from gemini_batch.certificates import BUNDLES, bundle_in, no_bundle, trusted_in

NAMED = BUNDLES[-1]
ORIGIN = "https://example.com"


def test_the_first_variable_that_is_set_names_the_certificates() -> None:
    """An empty one is none."""
    assert bundle_in({}) is None
    assert bundle_in(dict.fromkeys(BUNDLES, "")) is None
    assert "b" == bundle_in({BUNDLES[1]: "b", BUNDLES[2]: "c"})
    assert all(name in str(no_bundle()) for name in BUNDLES)


def test_a_file_of_certificates_or_a_directory_is_trusted(tmp_path: Path) -> None:
    """What is in a directory is looked for when it is needed; where none is named, none is."""
    file = tmp_path / "bundle.pem"
    file.write_bytes(b"# mine\n-----BEGIN CERTIFICATE-----\n")
    assert trusted_in({}, ORIGIN) is None
    assert str(file) == trusted_in({NAMED: str(file)}, ORIGIN)
    assert str(tmp_path) == trusted_in({NAMED: str(tmp_path)}, ORIGIN)


@pytest.mark.parametrize("holds", [None, b"", b"no certificate"])
def test_what_holds_no_certificates_is_refused(tmp_path: Path, holds: bytes | None) -> None:
    """Whether it is there or not; the libraries below would tell it as the service's fault."""
    path = tmp_path / "bundle.pem"
    if holds is not None:
        path.write_bytes(holds)
    with pytest.raises(UsageError, match="no certificates can be read where the variable"):
        trusted_in({NAMED: str(path)}, ORIGIN)
    assert trusted_in({NAMED: str(path)}, "http://127.0.0.1") is None  # it would not be asked for

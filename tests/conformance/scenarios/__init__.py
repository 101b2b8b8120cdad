"""What users do, each under the name that it has in the table."""

from tests.conformance.scenarios import around, batches
from tests.conformance.scenarios.entry import SCENARIOS

__all__ = ["SCENARIOS", "around", "batches"]

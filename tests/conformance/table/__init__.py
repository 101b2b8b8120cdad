"""The table: who does what, what goes wrong, and what must come of it, on either facade.

A row is a promise. Its faults are those of the emulator, in its own words; a row fails if one of
them was not met. What a row says is held by one test for each facade.
"""

from tests.conformance.rows import Row
from tests.conformance.table.around import AROUND
from tests.conformance.table.consuming import CONSUMING
from tests.conformance.table.creating import CREATING
from tests.conformance.table.fetching import FETCHING
from tests.conformance.table.looking import LOOKING
from tests.conformance.table.retrying import RETRYING
from tests.conformance.table.uploading import UPLOADING

TABLE: list[Row] = [
    *CREATING,
    *UPLOADING,
    *LOOKING,
    *FETCHING,
    *CONSUMING,
    *AROUND,
    *RETRYING,
]

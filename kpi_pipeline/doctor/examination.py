"""Which checks there are, in the order in which their findings are shown.

Here: the lists. A check is a function from what is examined to findings; add it to one of the two lists. The first list
takes no lock and does not open the warehouse, so that it can be asked every few minutes beside the runs.
"""

from collections.abc import Callable, Iterable

from kpi_pipeline.doctor.disk import disk
from kpi_pipeline.doctor.finding import Examined, Finding
from kpi_pipeline.doctor.publications import deliveries, last_run, reports, snapshots
from kpi_pipeline.doctor.setting import configuration, custody_files, hash_key, lock, versions
from kpi_pipeline.doctor.warehouse import warehouse

Check = Callable[[Examined], Iterable[Finding]]

BESIDE_RUNS: tuple[Check, ...] = (
    versions,
    configuration,
    hash_key,
    lock,
    last_run,
    snapshots,
    reports,
    deliveries,
    custody_files,
    disk,
)
WITH_THE_WAREHOUSE: tuple[Check, ...] = (warehouse,)


def examine(examined: Examined, checks: Iterable[Check] = (*BESIDE_RUNS, *WITH_THE_WAREHOUSE)) -> list[Finding]:
    """Return what all checks find."""
    return [finding for check in checks for finding in check(examined)]

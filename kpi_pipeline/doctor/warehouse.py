"""The check that opens the warehouse: against the ledger, how sources stand, and its free space.

Here: one opening for all of it, read-only and under the run lock, so that it is never in the way of a run that is
active. What a source's state means belongs to ``source_state``.
"""

from collections.abc import Iterator
from contextlib import closing

from kpi_pipeline.doctor.finding import Examined, Finding
from kpi_pipeline.errors import KpiPipelineError, RunActiveError
from kpi_pipeline.pipeline import Installation
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.reconciliation import disagreements
from kpi_pipeline.sources.custody.source_state import SourceState, source_states
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.space import read_space

MEGABYTE = 1_000_000


def warehouse(examined: Examined) -> Iterator[Finding]:
    """Compare the warehouse with the ledger; tell which sources are late or wait; say what a copy would give back."""
    installation = examined.installation
    paths = installation.paths
    if not paths.warehouse.exists():
        if paths.custody_ledger.exists():
            yield Finding("warehouse", "problem", "it is gone", "kpi rebuild makes it anew from custody")
        return
    try:
        with (
            installation.run_lock.acquire(),
            closing(DuckDbEngine(paths.warehouse, read_only=True)) as engine,
            CustodyLedger(paths.custody_ledger) as ledger,
        ):
            yield from (
                *_agreement(engine, ledger),
                *_space(engine),
                *_sources(installation, engine, ledger),
            )
    except RunActiveError:
        yield Finding("warehouse", "good", "a run is active and holds it; sources and space are not looked at")
    except KpiPipelineError as error:
        yield Finding("warehouse", "problem", str(error))


def _agreement(engine: DuckDbEngine, ledger: CustodyLedger) -> Iterator[Finding]:
    found = disagreements(engine, ledger)
    facts = {"disagreements": len(found)}
    if found:
        message = f"{len(found)} file(s) are known differently to the custody ledger: {found[0].message}"
        yield Finding("warehouse", "problem", message, "kpi run loads what was lost; if it stays: kpi rebuild", facts)
    else:
        yield Finding("warehouse", "good", "it holds every file that the custody ledger says was loaded", facts=facts)


def _space(engine: DuckDbEngine) -> Iterator[Finding]:
    space = read_space(engine)
    facts = {"warehouse_bytes": space.size, "reclaimable_bytes": space.free}
    message = f"{space.free // MEGABYTE:,} of {space.size // MEGABYTE:,} MB are free inside the warehouse's file"
    if space.is_worth_reclaiming:
        yield Finding("space", "warning", message, "the next run gives them back by itself at its end", facts)
    else:
        yield Finding("space", "good", f"{message}; later runs use them", facts=facts)


def _sources(installation: Installation, engine: DuckDbEngine, ledger: CustodyLedger) -> Iterator[Finding]:
    states = source_states(
        installation.configuration.sources,
        engine=engine,
        ledger=ledger,
        calendar=installation.configuration.calendar,
        as_of=installation.today,
    )
    wrong = [state for state in states if state.is_late or state.quarantine or state.failure]
    for state in wrong:
        yield Finding(
            "source",
            "warning",
            f"{state.source}: {' and '.join(_problems(state))}",
            f"kpi sources {state.source}",
            {"source": state.source, "late_by_days": state.late_by_days, "quarantined": len(state.quarantine)},
        )
    if well := len(states) - len(wrong):
        yield Finding("sources", "good", f"{well} of {len(states)} are on time and have nothing in quarantine")


def _problems(state: SourceState) -> Iterator[str]:
    if state.failure is not None:
        yield f"could not be taken on {state.failure.failed_for}: {state.failure.problem}"
    if state.late_by_days is None:
        yield "nothing arrived yet"
    elif state.late_by_days:
        yield f"late by {state.late_by_days} days"
    if state.quarantine:
        yield f"{len(state.quarantine)} file(s) in quarantine"

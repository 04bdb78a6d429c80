"""The reconciliation of the layers as checks of the tables.

Here: how a comparison is shown. What is compared belongs to ``catalogue.reconciliation``. A difference stops nothing
and is told to the data team: a number that may be wrong is better looked at beside the others than without them.
"""

from collections.abc import Collection, Iterator

import dagster as dg

from kpi_pipeline.catalogue.reconciliation import RECONCILIATIONS, VALUES, VALUES_ADD_UP, Reconciled
from kpi_pipeline.warehouse.sql_project import SqlProject


def reconciliation_specs(project: SqlProject) -> list[dg.AssetCheckSpec]:
    """Return one check per comparison between tables that are built."""
    built = {file.table for file in project.files}
    specs = [
        _spec(one.name, one.table, f"Against {one.below}: {one.sentence}")
        for one in RECONCILIATIONS
        if one.table in built
    ]
    sentence = "Against the measures: what adds up is made from the same sums, in each of the last weeks."
    return [*specs, _spec(VALUES_ADD_UP, VALUES, sentence)]


def reconciliation_results(
    found: Collection[Reconciled], asked: Collection[dg.AssetCheckKey]
) -> Iterator[dg.AssetCheckResult]:
    """Return what the comparisons brought, for the checks that were asked for."""
    for one in found:
        key = dg.AssetKey(one.table.split("."))
        if dg.AssetCheckKey(key, one.name) in asked:
            yield dg.AssetCheckResult(
                asset_key=key,
                check_name=one.name,
                passed=not one.differences,
                severity=dg.AssetCheckSeverity.ERROR,
                description="; ".join(one.differences) or None,
                metadata={"compared": one.places},
            )


def _spec(name: str, table: str, sentence: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name, asset=dg.AssetKey(table.split(".")), description=sentence)

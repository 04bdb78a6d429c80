"""When the reports of a week are made and delivered: as soon as everything is there, or at the deadline.

Here: the conditions, over what is published and what the orchestrator has made already, so that a restart changes
nothing. Whether an incomplete edition goes out is decided in ``delivery``, and that nobody gets one twice by its
ledger.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from kpi_pipeline.delivery.readiness import missing_inputs
from kpi_pipeline.doctor.due import deadline_of
from kpi_pipeline.pipeline import Installation
from kpi_pipeline.warehouse.snapshot import pointer

IS_COMPLETE = "inputs_complete"
# Inputs of an older week that come at last make it complete, and a corrected or withheld edition due.
STILL_AWAITED = timedelta(weeks=4)

Weeks = Callable[[date, dg.AutomationContext], bool]  # type: ignore[type-arg]


class WeeksThat(dg.AutomationCondition[dg.AssetKey]):
    """Holds for the weeks of which something is true."""

    def __init__(self, sentence: str, is_true: Weeks) -> None:
        self._sentence = sentence
        self._is_true = is_true

    @property
    def name(self) -> str:
        """What the UI shows."""
        return self._sentence

    def get_node_unique_id(self, *, parent_unique_id: str | None, index: int | None, target_key: object) -> str:
        """Tell conditions of this class apart by what they ask."""
        return f"{parent_unique_id} {index} {self._sentence}"

    def evaluate(self, context: dg.AutomationContext[dg.AssetKey]) -> dg.AutomationResult[dg.AssetKey]:
        """Ask only about the weeks that the conditions before left over."""
        candidates = context.candidate_subset
        weeks = {key for key in candidates.expensively_compute_partition_keys() if self._holds(key, context)}
        return dg.AutomationResult(context, candidates.compute_intersection_with_partition_keys(weeks))

    def _holds(self, key: str, context: dg.AutomationContext[dg.AssetKey]) -> bool:
        return self._is_true(date.fromisoformat(key), context)


def report_condition(report_id: str, installation: Installation) -> dg.AutomationCondition[dg.AssetKey]:
    """Return the condition of a report, and of its delivery."""
    configuration = installation.configuration
    calendar, deadline = configuration.calendar, configuration.delivery.deadline

    def is_complete(week_start: date, _: object) -> bool:
        return not missing_inputs(configuration, installation.paths, report_id, week_start)

    def is_past_deadline(week_start: date, context: dg.AutomationContext[dg.AssetKey]) -> bool:
        # In a new installation reports have nothing to be made from until a first run has published.
        if not pointer(installation.paths.published, configuration.reports[report_id].audience).exists():
            return False
        week = calendar.period_of("week", week_start)
        return deadline_of(calendar, week, deadline) <= _instant(context.evaluation_time)

    complete = WeeksThat("its inputs are complete", is_complete)
    due = WeeksThat("its deadline has passed", is_past_deadline)
    was_incomplete = WeeksThat("it was made from incomplete inputs", _was_incomplete)
    made = dg.AutomationCondition.missing()
    first = dg.AutomationCondition.in_latest_time_window() & made & (complete | due)
    again = (
        dg.AutomationCondition.in_latest_time_window(STILL_AWAITED)
        & ~dg.AutomationCondition.missing()
        & was_incomplete
        & complete
    )
    # A run that failed is looked at by somebody: a second one would fail for the same reason.
    idle = ~dg.AutomationCondition.in_progress() & ~dg.AutomationCondition.execution_failed()
    return (idle & (first | again)).with_label(f"{report_id}: inputs complete, or deadline passed")


def report_automation(status: dg.DefaultSensorStatus) -> dg.AutomationConditionSensorDefinition:
    """Return what evaluates the conditions; in the code server, because they open published files."""
    return dg.AutomationConditionSensorDefinition(
        "weekly_reports_due",
        target=dg.AssetSelection.groups("reports", "delivery"),
        use_user_code_server=True,
        default_status=status,
        minimum_interval_seconds=60,
        description="Makes and delivers each report as soon as its inputs are complete, or at the deadline in"
        " config/delivery.yaml; once more when inputs that were missing then have come.",
    )


def _was_incomplete(week_start: date, context: dg.AutomationContext[dg.AssetKey]) -> bool:
    instance = context.asset_graph_view.instance
    made = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=context.key, asset_partitions=[week_start.isoformat()]), limit=1
    ).records
    materialization = made[0].asset_materialization if made else None
    said = materialization.metadata.get(IS_COMPLETE) if materialization else None
    return said is not None and said.value is False


def _instant(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

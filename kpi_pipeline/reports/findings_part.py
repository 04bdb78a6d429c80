"""What the analysis found in the week: contributions, unusual values, relations, and values that were restated.

Here: choosing and wording the rows for the team's report. The tables of channels, campaigns and cohorts stand in
``view_tables``; the sentences of the analysis were worded when the snapshot was made.
"""

from collections.abc import Iterator, Mapping, Sequence

from kpi_pipeline.reports.chart_models import IntervalLine, IntervalPlot, Tick
from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.finding_rows import AnomalyRow, RelationRow, RestatementRow
from kpi_pipeline.reports.internal_document import (
    AnomalyLine,
    ContributionLine,
    ContributionTable,
    Findings,
    RelationLine,
    RestatementLine,
)
from kpi_pipeline.reports.key_charts import waterfall_of
from kpi_pipeline.reports.kpi_weeks import KpiWeek
from kpi_pipeline.reports.members import dimension_name, member_name
from kpi_pipeline.reports.snapshot_rows import SnapshotRows
from kpi_pipeline.reports.statuses import STATUS_CODES
from kpi_pipeline.reports.view_tables import campaign_table, cohort_map, funnel_table
from kpi_pipeline.wording.dates import format_days
from kpi_pipeline.wording.numbers import (
    Number,
    NumberStyle,
    format_change,
    format_decimal,
    format_share,
    format_step,
    format_value,
)
from kpi_pipeline.wording.outside_text import MESSAGE_LIMIT, NAME_LIMIT, isolate

MEMBERS_SHOWN = 8
RESTATEMENTS_SHOWN = 12
TONES_OF_VERDICTS = {"strong": "good", "moderate": "good", "weak": "good", "contradicts": "bad"}


def findings(kpis: Sequence[KpiWeek], rows: SnapshotRows, edition: Edition) -> Findings:
    """Word what was found about the week's KPIs."""
    by_id = {kpi.row.kpi_id: kpi for kpi in kpis}
    relations = [row for row in rows.judgements.relations if row.kpi_id in by_id] if rows.judgements else []
    tables = (campaign_table(rows.views, edition), funnel_table(rows.views, edition)) if rows.views else ()
    return Findings(
        contributions=tuple(_contributions(kpis, edition)),
        anomalies=tuple(_anomalies(rows.anomalies, by_id, edition)),
        relation_plot=_relation_plot(relations, by_id, edition),
        relations=tuple(_relation(row, by_id[row.kpi_id], edition) for row in relations),
        restatements=tuple(_restatements(rows.restatements, by_id, edition)),
        tables=tuple(table for table in tables if table is not None),
        cohorts=cohort_map(rows.views, edition) if rows.views else None,
    )


def _contributions(kpis: Sequence[KpiWeek], edition: Edition) -> Iterator[ContributionTable]:
    for kpi in sorted(kpis, key=lambda one: STATUS_CODES.index(one.pace_code)):
        row, parts = kpi.row, kpi.main_contributions
        if not parts or row.value is None or row.previous_value is None:
            continue
        style = edition.number_style(row.unit, kpi.commitment.decimals)
        shown = sorted(parts, key=lambda part: -abs(float(part.effect or 0)))[:MEMBERS_SHOWN]
        is_simpson = any(part.is_simpson for part in parts)
        yield ContributionTable(
            name=_name(kpi, edition),
            dimension=dimension_name(parts[0].dimension, edition),
            change=format_change(row.value, row.previous_value, style),
            has_mix=parts[0].method == "mix_rate",
            note=edition.language.text("findings.simpson") if is_simpson else "",
            findings=tuple(
                edition.localized(part, "finding", MESSAGE_LIMIT)
                for part in parts
                if part.driver_rank is not None and (part.finding_en or part.finding_fa)
            ),
            lines=tuple(
                ContributionLine(
                    member=member_name(part.dimension, part.member, edition),
                    # A factor has a unit of its own, which its sentence says.
                    previous="" if part.method == "factors" else _value(part.previous_value, style),
                    value="" if part.method == "factors" else _value(part.value, style),
                    mix=_step(part.mix_effect, style),
                    rate=_step(part.rate_effect, style),
                    effect=_step(part.effect, style),
                    share="" if part.share_of_change is None else format_share(part.share_of_change, edition.language),
                    tone=_tone(part.effect, is_higher_better=row.direction == "higher_better"),
                )
                for part in shown
            ),
            waterfall=waterfall_of(kpi, edition),
        )


def _anomalies(rows: Sequence[AnomalyRow], kpis: Mapping[str, KpiWeek], edition: Edition) -> Iterator[AnomalyLine]:
    language = edition.language
    for row in sorted(rows, key=lambda one: (one.event is not None, one.priority or 0, one.kpi_id, one.member)):
        if row.kpi_id not in kpis:
            continue
        kpi = kpis[row.kpi_id]
        style = edition.number_style(kpi.row.unit, kpi.commitment.decimals)
        usual = language.text("findings.usual", low=_value(row.low, style), high=_value(row.high, style))
        where = language.text("findings.total")
        if row.dimension != "total":
            member = member_name(row.dimension, row.member, edition)
            where = f"{dimension_name(row.dimension, edition)}: {isolate(member)}"
        yield AnomalyLine(
            name=_name(kpi, edition),
            where=where,
            value=_value(row.value, style),
            usual=usual if row.low is not None and row.high is not None else "",
            score="" if row.score is None else format_decimal(row.score, 1, language, signed=True),
            text=edition.localized(row, "finding", MESSAGE_LIMIT),
            tone="neutral" if row.event else "good" if row.is_favourable else "bad",
        )


def _relation_plot(rows: Sequence[RelationRow], kpis: Mapping[str, KpiWeek], edition: Edition) -> IntervalPlot | None:
    language = edition.language
    lines = [
        IntervalLine(
            label=_name(kpis[row.kpi_id], edition),
            low=float(row.correlation_low),
            middle=float(row.correlation),
            high=float(row.correlation_high),
            text=format_decimal(row.correlation, 2, language, signed=True),
            note=language.plural("findings.lag", row.lag_weeks, weeks=format_decimal(row.lag_weeks, 0, language))
            if row.lag_weeks
            else language.text("findings.same_week"),
            tone=TONES_OF_VERDICTS.get(row.verdict, "neutral"),
            is_open=float(row.correlation_low) <= 0 <= float(row.correlation_high),
        )
        for row in rows
        # What moves together by construction is no finding.
        if row.verdict not in {"identity", "insufficient_data"}
        and row.correlation is not None
        and row.correlation_low is not None
        and row.correlation_high is not None
    ]
    if not lines:
        return None
    return IntervalPlot(
        title=language.text("findings.relation_title"),
        lines=tuple(lines),
        ticks=tuple(Tick(at, format_decimal(at, 1, language, signed=True)) for at in (-1.0, -0.5, 0.0, 0.5, 1.0)),
        label=language.text("findings.relation_title")
        + " "
        + language.join([f"{isolate(line.label)} {line.text}" for line in lines]),
    )


def _relation(row: RelationRow, kpi: KpiWeek, edition: Edition) -> RelationLine:
    language = edition.language
    verdict = language.known_text("relation_verdict", row.verdict, row.verdict)
    if row.is_indicative and row.verdict in {*TONES_OF_VERDICTS, "no_evidence"}:
        verdict = language.text("findings.indicative", verdict=verdict)
    return RelationLine(
        name=_name(kpi, edition),
        verdict=verdict,
        text=edition.localized(row, "finding", MESSAGE_LIMIT),
        tone=TONES_OF_VERDICTS.get(row.verdict, "neutral"),
    )


def _restatements(
    rows: Sequence[RestatementRow], kpis: Mapping[str, KpiWeek], edition: Edition
) -> Iterator[RestatementLine]:
    """The newest first; corrections of what was sent before all others."""
    language = edition.language
    known = [row for row in rows if row.kpi_id in kpis]
    known.sort(key=lambda row: (not row.is_correction, -row.to_published_at.timestamp(), row.week_start, row.kpi_id))
    for row in known[:RESTATEMENTS_SHOWN]:
        kpi = kpis[row.kpi_id]
        style = edition.number_style(kpi.row.unit, kpi.commitment.decimals)
        yield RestatementLine(
            name=_name(kpi, edition),
            week=format_days(row.week_start, edition.last_day_of(row.week_start), language),
            before=_value(row.old_value, style) or language.text("label.no_value"),
            now=_value(row.new_value, style) or language.text("label.no_value"),
            cause=language.known_text("restatement_cause", row.cause, row.cause),
            effect=_step(row.effect, style),
            text=edition.localized(row, "finding", MESSAGE_LIMIT),
            is_correction=bool(row.is_correction),
        )


def _name(kpi: KpiWeek, edition: Edition) -> str:
    return edition.localized(kpi.row, "name", NAME_LIMIT)


def _value(value: Number | None, style: NumberStyle) -> str:
    return "" if value is None else format_value(value, style)


def _step(step: Number | None, style: NumberStyle) -> str:
    return "" if step is None else format_step(step, style)


def _tone(effect: Number | None, *, is_higher_better: bool) -> str:
    if not effect:
        return "neutral"
    return "good" if (effect > 0) == is_higher_better else "bad"

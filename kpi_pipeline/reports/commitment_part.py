"""Every KPI's commitment in full, for the internal report: who, what, where, when and how, and how good it is.

Here: wording the columns of the commitment, the letters of SMART and the scores. What happens to the KPI's value this
week is told in ``scorecard``.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from kpi_pipeline.config.model import Unit
from kpi_pipeline.config.money_units import shown_amount
from kpi_pipeline.reports.dated_text import dated_texts, written
from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.internal_document import Fact, Finding, KpiCommitment, SuccessFactorLine
from kpi_pipeline.reports.kpi_weeks import KpiWeek, listed_ids
from kpi_pipeline.reports.snapshot_rows import CatalogueRow, EfficiencyRow, JudgementRows, ObjectiveRow, SnapshotRows
from kpi_pipeline.wording.dates import format_day
from kpi_pipeline.wording.numbers import format_decimal, format_share
from kpi_pipeline.wording.outside_text import MESSAGE_LIMIT, NAME_LIMIT, clean_text, isolate

LETTERS = "SMART"
PROPERTIES = ("accessible", "impactful", "relevant", "actionable", "timely")
# A quotient of any two figures has no unit of its own, and may be of any size.
DECIMALS_FROM_ONE, DECIMALS_BELOW_ONE = 2, 4


def commitments(kpis: Sequence[KpiWeek], rows: SnapshotRows, edition: Edition) -> tuple[KpiCommitment, ...]:
    """Word the commitments of the week's KPIs, in the order of their objectives."""
    judgements = rows.judgements
    if judgements is None:
        return ()
    objectives = {row.objective_id: row for row in rows.objectives}
    ordered = sorted(kpis, key=lambda kpi: (objectives[kpi.row.objective_id].position, kpi.row.kpi_id))
    names = {row.metric_id: edition.localized(row, "name", NAME_LIMIT) for row in rows.catalogue}
    units = _units(rows.catalogue)
    return tuple(_commitment(kpi, judgements, objectives, names, units, edition) for kpi in ordered)


def success_factors(rows: SnapshotRows, edition: Edition) -> tuple[SuccessFactorLine, ...]:
    """Word the success factors in the order of their objectives, those that no KPI measures as such."""
    if rows.judgements is None:
        return ()
    objectives = {row.objective_id: row for row in rows.objectives}
    names = {row.kpi_id: edition.localized(row, "name", NAME_LIMIT) for row in rows.catalogue if row.kpi_id}
    factors = sorted(
        rows.judgements.success_factors,
        key=lambda row: (objectives[row.objective_id].position, row.success_factor_id),
    )
    return tuple(
        SuccessFactorLine(
            statement=edition.localized(row, "statement"),
            objective=edition.localized(objectives[row.objective_id], "statement"),
            kpis=edition.language.join([isolate(names.get(name, clean_text(name))) for name in listed_ids(row.kpi_ids)])
            or edition.language.text("commitment.uncovered"),
            is_covered=row.kpis > 0,
        )
        for row in factors
    )


def _commitment(
    kpi: KpiWeek,
    judgements: JudgementRows,
    objectives: Mapping[str, ObjectiveRow],
    names: Mapping[str, str],
    units: Mapping[str, Unit],
    edition: Edition,
) -> KpiCommitment:
    kpi_id, language = kpi.row.kpi_id, edition.language
    letters = {row.letter: row for row in judgements.smart if row.kpi_id == kpi_id}
    scores = {row.property: row for row in judgements.scores if row.kpi_id == kpi_id}
    efficiency = next((row for row in judgements.efficiency if row.kpi_id == kpi_id), None)
    owners = {row.owner_id: edition.localized(row, "name", NAME_LIMIT) for row in judgements.owners}
    return KpiCommitment(
        kpi_id=kpi_id,
        name=edition.localized(kpi.row, "name", NAME_LIMIT),
        warning=language.text("commitment.replace_candidate") if kpi.commitment.is_replace_candidate else "",
        facts=tuple(
            Fact(language.text(f"commitment.{key}"), tuple(lines))
            for key, lines in (
                *_chain(kpi.commitment, objectives, edition),
                *_people(kpi.commitment, owners),
                *_place(kpi.commitment, efficiency, names, units, edition),
                *_plan(kpi.commitment, edition),
            )
            if lines
        ),
        smart=tuple(
            Finding(
                language.text(f"smart_letter.{letter}"),
                row.verdict,
                language.known_text("verdict", row.verdict, clean_text(row.verdict)),
                edition.localized(row, "finding", MESSAGE_LIMIT),
            )
            for letter in LETTERS
            if (row := letters.get(letter)) is not None
        ),
        scores=tuple(
            Finding(
                language.text(f"property.{name}"),
                {True: "pass", False: "fail", None: "not_judged"}[score.is_passed],
                language.text("label.none") if score.score is None else format_share(score.score, language),
                edition.localized(score, "finding", MESSAGE_LIMIT),
            )
            for name in PROPERTIES
            if (score := scores.get(name)) is not None
        ),
    )


def _chain(
    commitment: CatalogueRow, objectives: Mapping[str, ObjectiveRow], edition: Edition
) -> Iterator[tuple[str, list[str]]]:
    names = [name.strip() for name in (commitment.objective_chain or "").split(">")]
    statements = [edition.localized(objectives[name], "statement") for name in names if name in objectives]
    yield "chain", [edition.language.text("label.chain_separator").join(isolate(each) for each in statements)]
    yield "why", [edition.localized(commitment, "why")]


def _people(commitment: CatalogueRow, owners: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    columns = {
        "accountable": commitment.owner,
        "responsible": commitment.responsible,
        "consulted": commitment.consulted,
        "informed": commitment.informed,
    }
    for key, joined in columns.items():
        yield key, [owners.get(name, clean_text(name)) for name in listed_ids(joined)]


def _place(
    commitment: CatalogueRow,
    efficiency: EfficiencyRow | None,
    names: Mapping[str, str],
    units: Mapping[str, Unit],
    edition: Edition,
) -> Iterator[tuple[str, list[str]]]:
    language = edition.language
    yield (
        "scope",
        [language.known_text("scope", commitment.scope, clean_text(commitment.scope))] if commitment.scope else [],
    )
    yield "where", _lines(commitment.where_scope)
    if efficiency is not None and efficiency.result_per_effort is not None:
        # Measures have no names of their own.
        result, effort = (names.get(name, clean_text(name)) for name in (efficiency.efficiency_metric, efficiency.per))
        quotient = _quotient(efficiency, units, edition)
        decimals = DECIMALS_FROM_ONE if abs(quotient) >= 1 else DECIMALS_BELOW_ONE
        value = format_decimal(quotient, decimals, language)
        text = language.text("commitment.efficiency_value", value=value, result=isolate(result), effort=isolate(effort))
        yield "efficiency", [text]


def _quotient(efficiency: EfficiencyRow, units: Mapping[str, Unit], edition: Edition) -> Decimal:
    """The result per effort, with amounts as the report shows them on either side."""
    quotient = Decimal(str(efficiency.result_per_effort))
    one = shown_amount(Decimal(1), edition.money)
    if units.get(efficiency.efficiency_metric) == "currency":
        quotient *= one
    return quotient / one if units.get(efficiency.per) == "currency" else quotient


def _units(catalogue: Sequence[CatalogueRow]) -> dict[str, Unit]:
    """The units of metrics, and of measures that are a metric as they stand."""
    return {row.formula: row.unit for row in catalogue if row.formula} | {row.metric_id: row.unit for row in catalogue}


def _plan(commitment: CatalogueRow, edition: Edition) -> Iterator[tuple[str, list[str]]]:
    yield "resources", _lines(commitment.resources)
    yield "tasks", _dated(commitment.tasks, edition)
    yield "tasks_done", _lines(commitment.tasks_done)
    yield "assumptions", _dated(commitment.assumptions, edition)
    yield "expired_assumptions", _lines(commitment.expired_assumptions)
    yield "risks", _lines(commitment.risks)
    yield "obstacles", _lines(commitment.obstacles)
    yield "opportunities", _lines(commitment.opportunities)
    if commitment.review_next_on is not None:
        yield "review", [format_day(commitment.review_next_on, edition.language)]


def _dated(texts: str | None, edition: Edition) -> list[str]:
    return [written(text, day, edition.language) for text, day in dated_texts(texts)]


def _lines(texts: str | None) -> list[str]:
    return [clean_text(line, MESSAGE_LIMIT) for line in (texts or "").split("\n") if line.strip()]

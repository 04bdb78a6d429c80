"""The SQL text of one metric: one SELECT in DuckDB's dialect that runs as printed.

Here: how sums and coverage become values, and why a value is missing. The statement uses only constructs that other
engines share, so that it can be transpiled. Add a reason for missing values here and to ``tables``. Aggregating
measures belongs to ``measure_sql``, running statements to ``values`` and ``query``.

How a value is made: ``periods`` are the periods asked for; ``days`` the days that count for each; ``<table>_rows`` the
rows of those days; ``<table>_sums`` their sums by member; ``<table>_days`` how many of the days are covered. ``inputs``
joins them, and only then the formula divides: a ratio of sums.
"""

from collections.abc import Iterator
from dataclasses import replace
from textwrap import indent

from kpi_pipeline.catalogue.formulas.formula import formula_sql, ratio_sql
from kpi_pipeline.catalogue.metrics.measure_sql import (
    MEMBER_KEYS,
    PERIOD_KEYS,
    TOTAL,
    Selection,
    beginning,
    coverage,
    covered_days,
    days_of_periods,
    grouped,
    listed,
    measure_rows,
    moved,
    periods,
    sums,
)
from kpi_pipeline.catalogue.metrics.metric_plan import QUANTILES, MeasureInput, MetricPlan
from kpi_pipeline.catalogue.tables.catalogue_columns import SUM_TYPE
from kpi_pipeline.warehouse.sql_file import AGE_COLUMN, Measure

DAYS_PER_MONTH_OF_AGE = 30
HUNDREDFOLD_UNITS = ("percent", "points")
# Wide enough for sums of bigint and of decimal(18, 4); six decimals keep fractions of conversions.


def metric_sql(plan: MetricPlan, selection: Selection) -> str:
    """Return the statement that computes a metric's values.

    Its columns: metric_id, grain, period_start, period_end, dimension, member, numerator, denominator, value,
    null_reason, status, currency. Periods that began before a definition took effect are computed by the one before.
    """
    if not plan.earlier:
        return _statement(plan, selection)
    parts, start_from = [], None
    for earlier, until in plan.earlier:
        parts.append(_statement(earlier, replace(selection, start_from=start_from, start_before=until)))
        start_from = until
    parts.append(_statement(plan, replace(selection, start_from=start_from)))
    union = "\nunion all\n".join(f"select versions.*\nfrom (\n{indent(part, '    ')}\n) as versions" for part in parts)
    keys = ", ".join(MEMBER_KEYS)
    return f"select all_versions.*\nfrom (\n{indent(union, '    ')}\n) as all_versions\norder by {keys}"


def _statement(plan: MetricPlan, selection: Selection) -> str:
    # The same covered days or window may serve several inputs; equal names have equal bodies.
    tables = dict(_common_tables(plan, selection))
    parts = [f"{name} as (\n{indent(body, '    ')}\n)" for name, body in tables.items()]
    return "with " + ",\n\n".join(parts) + f"\n\n{_values(plan)}"


def _common_tables(plan: MetricPlan, selection: Selection) -> Iterator[tuple[str, str]]:
    for each in plan.inputs:
        yield each.covered, covered_days(each.covered_by)
    yield "beginning", beginning(plan)
    yield "periods", periods(selection)
    for each in plan.inputs:
        with_bounds = any(other.has_bounds for other in plan.inputs if other.window == each.window)
        yield each.days, days_of_periods(plan, selection, each.window, follow_up=0, with_bounds=with_bounds)
        yield f"{each.name}_rows", measure_rows(plan, selection, each)
        yield f"{each.name}_sums", sums(selection, each)
        if each.is_cohort:
            follow_up = _cohort_age(plan) - 1
            followed = days_of_periods(plan, selection, each.window, follow_up=follow_up, with_bounds=False)
            yield each.followed_days, followed
        yield f"{each.name}_days", coverage(plan, each)
    yield "members", _members(plan, selection)
    if plan.formula.first_age:
        yield from _ages(plan, selection)
    yield "inputs", _inputs(plan)


def _cohort_age(plan: MetricPlan) -> int:
    return plan.metric.cohort_age_days or 1


def _members(plan: MetricPlan, selection: Selection) -> str:
    """One row per period and member: the total always, a member where any measure has it."""
    keys = "periods.grain,\n    periods.period_start,\n    periods.period_end"
    selects = []
    if None in selection.dimensions:
        selects.append(f"select\n    {keys},\n    '{TOTAL}' as dimension,\n    '{TOTAL}' as member\nfrom periods")
    if selection.members:
        found = indent(
            "\nunion\n".join(
                f"select {', '.join(MEMBER_KEYS)} from {each.name}_sums"
                for each in plan.inputs
                if not each.is_undivided
            ),
            "    ",
        )
        selects.append(
            f"select\n    {keys},\n    found.dimension,\n    found.member\nfrom (\n{found}\n) as found\n"
            f"inner join periods using ({', '.join(PERIOD_KEYS)})\n"
            f"where found.dimension <> '{TOTAL}'"
        )
    return "\nunion all\n".join(selects)


def _ages(plan: MetricPlan, selection: Selection) -> Iterator[tuple[str, str]]:
    """The age at which what was gained up to it first reaches what was needed."""
    first_age = plan.formula.first_age
    assert first_age is not None
    gained = _input_of(plan, first_age.gained)
    needed = _input_of(plan, first_age.needed)
    yield (
        "gained_by_age",
        grouped(selection, f"{gained.name}_rows", [AGE_COLUMN], [f"sum(counted.{first_age.gained}) as gained"]),
    )
    keys = [f"by_age.{key}" for key in MEMBER_KEYS]
    yield (
        "gained_up_to_age",
        f"select\n    {listed([*keys, f'by_age.{AGE_COLUMN}'])},\n    sum(by_age.gained) over (\n"
        f"        partition by {', '.join(keys)}\n        order by by_age.{AGE_COLUMN}\n"
        "        rows between unbounded preceding and current row\n    ) as gained\nfrom gained_by_age as by_age",
    )
    keys = [f"up_to_age.{key}" for key in MEMBER_KEYS]
    yield (
        "reached",
        f"select\n    {listed(keys)},\n    min(up_to_age.{AGE_COLUMN}) as {AGE_COLUMN}\n"
        f"from gained_up_to_age as up_to_age\nleft join {needed.name}_sums as needed using ({', '.join(MEMBER_KEYS)})\n"
        f"where up_to_age.gained >= coalesce(needed.{first_age.needed}, 0)\ngroup by {', '.join(keys)}",
    )


def _input_of(plan: MetricPlan, measure: str) -> MeasureInput:
    return next(each for each in plan.inputs if measure in (one.name for one in each.measures))


def _inputs(plan: MetricPlan) -> str:
    """One row per period and member with every measure's figure, and why one is missing."""
    columns = ["members.grain", "members.period_start", "members.period_end", "members.dimension", "members.member"]
    joins = []
    for each in plan.inputs:
        keys = PERIOD_KEYS if each.is_undivided else MEMBER_KEYS
        joins.append(f"left join {each.name}_sums using ({', '.join(keys)})")
        joins.append(f"left join {each.name}_days using ({', '.join(PERIOD_KEYS)})")
        for operand, measure in each.columns.items():
            columns.extend(_figures(plan, each, operand, measure))
    columns.extend(f"0 as {name}" for name in sorted(plan.zeros))
    if plan.formula.first_age:
        joins.append(f"left join reached using ({', '.join(MEMBER_KEYS)})")
        columns.append(f"reached.{AGE_COLUMN}")
    columns += [f"{_missing(plan)} as missing", f"{_status(plan)} as status", "company.reporting_currency"]
    return f"select\n    {listed(columns)}\nfrom members\n" + "\n".join(joins) + "\ncross join core.company as company"


def _figures(plan: MetricPlan, each: MeasureInput, operand: str, measure: Measure) -> Iterator[str]:
    conditions = [f"{each.name}_days.days_covered > 0"]
    if measure.kind == "sum":
        conditions.append(f"coalesce({each.name}_sums.{measure.name}_unknown, 0) = 0")
    if each.is_cohort:
        conditions.append(f"not {_is_immature(plan, each)}")
    when = "\n            and ".join(conditions)
    figures = {operand: f"{each.name}_sums.{measure.name}"}
    if measure.kind in ("sum", "distinct"):
        figures[operand] = f"coalesce({figures[operand]}, 0)"
    if measure.kind in QUANTILES:
        figures[f"{operand}_cases"] = f"coalesce({each.name}_sums.{measure.name}_cases, 0)"
    for name, figure in figures.items():
        yield f"case\n        when {when}\n            then {figure}\n    end as {name}"


def _is_immature(plan: MetricPlan, each: MeasureInput) -> str:
    return f"({moved('members.period_end', _cohort_age(plan) - 7 * each.window.weeks_earlier)} > company.as_of)"


def _missing(plan: MetricPlan) -> str:
    no_source = [f"coalesce({each.name}_days.days_covered, 0) = 0" for each in plan.inputs]
    # A stock of which no day tells the figure is not zero.
    no_source += [
        f"{each.name}_sums.{one.name} is null" for each in plan.inputs if each.is_last for one in each.measures
    ]
    immature = [_is_immature(plan, each) for each in plan.inputs if each.is_cohort]
    unknown = [
        f"{each.name}_sums.{measure.name}_unknown > 0"
        for each in plan.inputs
        for measure in each.measures
        if measure.kind == "sum"
    ]
    reasons = (("source_missing", no_source), ("immature_cohort", immature), ("missing_rate", unknown))
    return _case([(conditions, f"'{reason}'") for reason, conditions in reasons if conditions])


def _status(plan: MetricPlan) -> str:
    unfinished = ["members.period_end >= company.as_of"]
    changing = []
    for each in plan.inputs:
        days = f"{each.name}_days"
        unfinished.append(f"coalesce({days}.days_covered, 0) < coalesce({days}.days, 1)")
        changing.append(f"{days}.days_final < {days}.days")
        if each.is_cohort:
            unfinished.append(_is_immature(plan, each))
    return _case([(unfinished, "'partial'"), (changing, "'provisional'")], "'final'")


def _case(choices: list[tuple[list[str], str]], otherwise: str = "") -> str:
    """The result of the first choice of which any condition holds."""
    whens = [
        "when " + "\n            or ".join(conditions) + f"\n            then {result}"
        for conditions, result in choices
    ]
    lines = [*whens, *([f"else {otherwise}"] if otherwise else [])]
    return "case\n        " + "\n        ".join(lines) + "\n    end"


def _values(plan: MetricPlan) -> str:
    formula, metric = plan.formula, plan.metric
    reasons = [(["inputs.missing is not null"], "inputs.missing")]
    if divisors := [f"{formula_sql(divisor, 'inputs')} = 0" for divisor in formula.divisors]:
        reasons.append((divisors, "'zero_denominator'"))
    if formula.first_age:
        value = f"floor(inputs.{AGE_COLUMN} / {DAYS_PER_MONTH_OF_AGE}) + 1"
        value = f"case when inputs.missing is null then cast({value} as double) end"
        reasons.append(([f"inputs.{AGE_COLUMN} is null"], "'not_reached'"))
    elif quantile := plan.quantile:
        value = f"inputs.{quantile.name}"
        reasons.append(([f"inputs.{quantile.name}_cases = 0"], "'zero_denominator'"))
    elif formula.denominator is not None:
        value = ratio_sql(formula.numerator, formula.denominator, "inputs")
    else:
        value = f"cast({formula_sql(formula.numerator, 'inputs')} as double)"
    if metric.unit in HUNDREDFOLD_UNITS:
        value = f"100 * {value}" if formula.denominator is not None else f"100 * ({value})"
    numerator, denominator = value, "null"
    if plan.quantile:
        numerator, denominator = "null", f"inputs.{plan.quantile.name}_cases"
    elif formula.denominator is not None:
        numerator, denominator = formula_sql(formula.numerator, "inputs"), formula_sql(formula.denominator, "inputs")
    elif not formula.first_age and metric.unit not in HUNDREDFOLD_UNITS:
        numerator = formula_sql(formula.numerator, "inputs")
    if metric.min_denominator:
        value = f"case when {denominator} >= {metric.min_denominator} then {value} end"
        reasons.append(([f"{denominator} < {metric.min_denominator}"], "'below_min_denominator'"))
    columns = [
        f"'{plan.metric_id}' as metric_id",
        *(f"inputs.{key}" for key in ("grain", "period_start", "period_end", "dimension", "member")),
        f"cast({numerator} as {SUM_TYPE}) as numerator",
        f"cast({denominator} as {SUM_TYPE}) as denominator",
        f"{value} as value",
        f"{_case(reasons)} as null_reason",
        "inputs.status",
        ("inputs.reporting_currency" if metric.unit == "currency" else "cast(null as varchar)") + " as currency",
    ]
    return f"select\n    {listed(columns)}\nfrom inputs\norder by {', '.join(f'inputs.{key}' for key in MEMBER_KEYS)}"

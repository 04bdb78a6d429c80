"""The same rows and the same money in every layer, from ``raw`` to ``kpi.values``.

Here: which sums are compared and how. Each is computed anew from the layer below, not by the query that built the
table, and must be equal to the last digit. Add a comparison where a layer may neither lose nor repeat a row. What one
table must be like in itself stands in the header of its file.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from kpi_pipeline.catalogue.formulas.formula import formula_sql
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.warehouse.engine import Engine

VALUES, VALUES_ADD_UP = "kpi.values", "values_add_up"
EXAMPLES = 5
# The last weeks alone: older ones were compared when they were the last.
COMPARED_WEEKS = 8


@dataclass(frozen=True)
class Reconciliation:
    """One comparison.

    Attributes:
        table: the upper of the two tables.
        below: the lower one.
        sentence: what must be equal.
        query: one row per place with the columns ``place``, ``expected`` and ``found``, texts or NULL.
    """

    name: str
    table: str
    below: str
    sentence: str
    query: str


@dataclass(frozen=True)
class Reconciled:
    """What a comparison brought: how many places were compared, and in words where the sums differ."""

    name: str
    table: str
    places: int
    differences: tuple[str, ...]


def _sums(place: str, sums: tuple[tuple[str, str], ...], rows: str) -> str:
    # As text: equality to the last digit, and an unknown sum is equal to an unknown sum alone.
    return " union all by name ".join(
        f"select {place} || ': {name}' as place, cast({value} as varchar) as amount from {rows} group by all"
        for name, value in sums
    )


def _compared(below: str, above: str) -> str:
    return (
        f"with below as ({below}), above as ({above}) select place, below.amount as expected, above.amount as found"
        " from below full join above using (place)"
    )


def _known(column: str) -> str:
    return f"case when count({column}) = count(*) then cast(sum({column}) as decimal(38, 4)) end"


RECONCILIATIONS = (
    Reconciliation(
        "orders_as_delivered",
        "core.orders",
        "raw.orders",
        "As many orders as were delivered, and the same amounts at the exchange rate of their days.",
        _compared(
            _sums(
                "orders.source",
                (
                    ("orders", "count(*)"),
                    ("totals", "sum(cast(round(orders.total * rates.rate, 4) as decimal(18, 4)))"),
                    (
                        "discounts",
                        "sum(cast(round(coalesce(orders.discounts, 0) * rates.rate, 4) as decimal(18, 4)))",
                    ),
                ),
                "raw.orders as orders left join core.exchange_rates as rates"
                " on orders.day = rates.day and upper(trim(orders.currency)) = rates.currency",
            ),
            _sums(
                "source",
                (("orders", "count(*)"), ("totals", "sum(total)"), ("discounts", "sum(discounts)")),
                "core.orders",
            ),
        ),
    ),
    Reconciliation(
        "spend_as_delivered",
        "core.ad_performance",
        "raw.ad_performance",
        "As much spent as was delivered, by source and currency, and as many impressions.",
        _compared(
            _sums(
                "source || ' ' || upper(trim(currency))",
                (("spent", "sum(cost)"), ("impressions", "sum(impressions)")),
                "raw.ad_performance",
            ),
            _sums(
                "source || ' ' || currency",
                (("spent", "sum(cost_in_account_currency)"), ("impressions", "sum(impressions)")),
                "core.ad_performance",
            ),
        ),
    ),
    Reconciliation(
        "orders_measured",
        "measures.orders",
        "core.orders",
        "As many valid orders, and the same sales and discounts, on every day.",
        _compared(
            _sums(
                "cast(day as varchar)",
                (
                    ("orders", "count(*)"),
                    ("gross_sales", _known("gross_items")),
                    ("discounts", _known("discounts")),
                ),
                "(select * from core.orders where is_valid)",
            ),
            _sums(
                "cast(day as varchar)",
                (
                    ("orders", "sum(orders)"),
                    ("gross_sales", _known("gross_sales")),
                    ("discounts", _known("discounts")),
                ),
                "measures.orders",
            ),
        ),
    ),
    Reconciliation(
        "spend_measured",
        "measures.ads",
        "core.ad_performance",
        "As much spent, and as many impressions, on every day.",
        _compared(
            _sums(
                "cast(day as varchar)",
                (("spent", _known("cost")), ("impressions", "sum(impressions)")),
                "core.ad_performance",
            ),
            _sums(
                "cast(day as varchar)",
                (("spent", _known("ad_cost")), ("impressions", "sum(ad_impressions)")),
                "measures.ads",
            ),
        ),
    ),
)


def reconcile_tables(engine: Engine, tables: Collection[str]) -> list[Reconciled]:
    """Make the comparisons of the tables that are named and built."""
    return [
        _reconciled(engine, one.name, one.table, one.query)
        for one in RECONCILIATIONS
        if one.table in tables and engine.exists(one.table)
    ]


def reconcile_values(engine: Engine, plans: Collection[MetricPlan]) -> Reconciled:
    """Compare what the values of the last weeks are made from with the measures, for metrics that only add up."""
    queries = [query for plan in plans if (query := _value_query(plan)) is not None]
    if not queries:
        return Reconciled(VALUES_ADD_UP, VALUES, 0, ())
    return _reconciled(engine, VALUES_ADD_UP, VALUES, " union all ".join(queries))


def _reconciled(engine: Engine, name: str, table: str, query: str) -> Reconciled:
    rows = engine.read(
        f"select place, expected, found, count(*) over () as places from ({query}) as compared"
        f" order by expected is distinct from found desc, place limit {EXAMPLES + 1}"
    ).to_pylist()
    different = [row for row in rows if row["expected"] != row["found"]]
    told = [f"{row['place']} is {row['found']}, expected {row['expected']}" for row in different[:EXAMPLES]]
    more = ["and others"] if len(different) > EXAMPLES else []
    return Reconciled(name, table, rows[0]["places"] if rows else 0, (*told, *more))


def _value_query(plan: MetricPlan) -> str | None:
    """Every operand summed apart over the days of each week, and then the formula's own sides."""
    operands = dict(_operands(plan))
    adds_up = len(operands) == len(plan.formula.operands) and plan.formula.first_age is None
    if not adds_up or plan.metric.filter or plan.earlier or plan.formula.divisors[1:]:
        return None
    columns = ", ".join(
        f"(select case when count({column}) = count(*) then coalesce(sum({column}), 0) end from {table}"
        f" where day between weeks.period_start and weeks.period_end) as {name}"
        for name, (table, column) in operands.items()
    )
    sides = dict(zip(("numerator", "denominator"), plan.formula.sides, strict=False))
    return " union all ".join(
        f"select '{plan.metric_id} ' || weeks.period_start || ': {side}' as place,"
        f" cast(cast({formula_sql(expression, 'sums')} as decimal(38, 4)) as varchar) as expected,"
        f" cast(cast(weeks.{side} as decimal(38, 4)) as varchar) as found"
        f" from {VALUES} as weeks, lateral (select {columns}) as sums"
        f" where weeks.metric_id = '{plan.metric_id}' and weeks.grain = 'week' and weeks.dimension = 'total'"
        f" and weeks.status in ('final', 'provisional') and weeks.{side} is not null"
        f" and weeks.period_start > (select max(period_start) from {VALUES} where grain = 'week')"
        f" - interval {COMPARED_WEEKS} week"
        for side, expression in sides.items()
    )


def _operands(plan: MetricPlan) -> Iterator[tuple[str, tuple[str, str]]]:
    for each in plan.inputs:
        is_plain = not (each.window.suffix or each.is_cohort or each.is_last or each.has_bounds)
        for name, measure in each.columns.items():
            if is_plain and measure.kind == "sum" and measure.where is None:
                yield name, (measure.table, measure.column)

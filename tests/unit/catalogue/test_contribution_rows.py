from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.findings.contribution_rows import SplitFacts, contribution_rows
from kpi_pipeline.catalogue.metrics.divisibility import obstacle_to_splitting
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.catalogue.metrics.weeks import read_weeks
from kpi_pipeline.catalogue.tables.row_tables import write_rows
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Warehouse, configuration, goals, kpi, metric, text, week

VALUES = {
    "metric_id": "varchar",
    "grain": "varchar",
    "period_start": "date",
    "period_end": "date",
    "dimension": "varchar",
    "member": "varchar",
    "numerator": "decimal(38, 6)",
    "denominator": "decimal(38, 6)",
    "value": "double",
    "null_reason": "varchar",
    "status": "varchar",
}
LAST = 20
RATE = metric(
    "sessions_with_purchase / sessions", unit="percent", name=text("Conversion"), dimensions=("device", "country")
)
# Member → numerator and denominator, week after week; None where there is no row.
Sides = tuple[float, float] | None
Dimension = Mapping[str, Sequence[Sides]]
FSI, LRI, PDI = "\u2068", "\u2066", "\u2069"


class Split:
    """Values of one KPI, written down by week, and the rows that come of them."""

    def __init__(self, warehouse: Warehouse, project: SqlProject) -> None:
        self._warehouse, self._project = warehouse, project
        warehouse.engine.run("create schema if not exists kpi")
        one = {"day": week(0), "device": "x", "channel": "x", "country": "x"}
        warehouse.measures("sessions", [one | {"sessions": 1}])
        warehouse.measures("funnel", [one | {"sessions_with_purchase": 1}])

    def rows(
        self,
        one: Metric,
        dimensions: Mapping[str, Dimension],
        *,
        total: Sequence[Sides] | None = None,
        is_detectable: bool | None = True,
        factors: Mapping[str, tuple[Metric, Sequence[float]]] | None = None,
        last_complete: int = LAST,
    ) -> list[dict[str, Any]]:
        """Return the rows, where each change of a week is as detectable as is said."""
        factors = factors or {}
        metrics = {"rate": one} | {name: each for name, (each, _) in factors.items()}
        config = configuration(metrics, goals=goals(), kpis={"converting": kpi("rate", "convert")})
        first = next(iter(dimensions.values()), {})
        weeks = len(next(iter(first.values()))) if first else len(total or ())
        sums = total or [_sum([series[n] for series in first.values()]) for n in range(weeks)]
        values = self._values("rate", one, "total", "total", sums)
        for name, members in dimensions.items():
            for member, series in members.items():
                values += self._values("rate", one, name, member, series)
        for name, (factor, series) in factors.items():
            values += self._values(name, factor, "total", "total", [(value, 0) for value in series])
        write_rows(self._warehouse.engine, "kpi.values", VALUES, values)
        found = read_weeks(self._warehouse.engine, ["rate"])
        facts = SplitFacts(
            audiences=Audiences(config),
            plans={"rate": plan_metric("rate", config, self._project)},
            weeks=found,
            weekly=[
                {
                    "kpi_id": "converting",
                    "week_start": after.start,
                    "value": after.value,
                    "previous_value": before.value,
                    "change": None if before.value is None or after.value is None else after.value - before.value,
                    "change_is_detectable": is_detectable,
                }
                for before, after in zip(found["rate"], found["rate"][1:], strict=False)
            ],
            breaks={},
            week_start=week(last_complete),
        )
        return [dict(row) for row in contribution_rows(self._warehouse.engine, facts)]

    def _values(
        self, name: str, one: Metric, dimension: str, member: str, series: Sequence[Sides]
    ) -> list[dict[str, Any]]:
        scale = 100 if one.unit == "percent" else 1
        found = []
        for position, sides in enumerate(series):
            if sides is None:
                continue
            above, below = sides
            is_ratio = "/" in one.formula and name == "rate"
            withheld = is_ratio and below < one.min_denominator
            value = (scale * above / below if below and not withheld else None) if is_ratio else above
            start = week(LAST - len(series) + 1 + position)
            found.append(
                {
                    "metric_id": name,
                    "grain": "week",
                    "period_start": start,
                    "period_end": start + timedelta(days=6),
                    "dimension": dimension,
                    "member": member,
                    "numerator": above,
                    "denominator": below if is_ratio else None,
                    "value": value,
                    "null_reason": "below_min_denominator" if withheld else None,
                    "status": "final",
                }
            )
        return found


def _sum(sides: Sequence[Sides]) -> Sides:
    known = [each for each in sides if each is not None]
    return sum(above for above, _ in known), sum(below for _, below in known)


@pytest.fixture
def split(warehouse: Warehouse, project: SqlProject) -> Split:
    return Split(warehouse, project)


def steady(sides: tuple[float, float], last: Sides) -> list[Sides]:
    """Fifteen weeks of the same, and another one."""
    return [sides] * 15 + [last]


DEVICES = {
    "mobile": steady((240, 6000), (120, 6200)),
    "desktop": steady((180, 3500), (178, 3400)),
    "tablet": steady((20, 500), (21, 500)),
}
COUNTRIES = {
    "DE": steady((330, 7500), (240, 7600)),
    "FR": steady((110, 2500), (79, 2500)),
}


def last_week(rows: Sequence[dict[str, Any]], dimension: str | None = None) -> dict[str, dict[str, Any]]:
    """Member → its row of the last week."""
    return {
        row["member"]: row for row in rows if row["week_start"] == week(LAST) and dimension in (None, row["dimension"])
    }


def test_the_member_that_moved_alone_is_named_in_both_languages(split: Split) -> None:
    """4.40 % to 319 of 10,100, 3.1584 %: mobile from 4 % to 1.9355 % with 60 % and 61.386 % of the sessions."""
    rows = split.rows(RATE, {"device": DEVICES, "country": COUNTRIES})
    device = last_week(rows, "device")

    mobile = device["mobile"]
    before, after, middle = 6000 / 10_000, 6200 / 10_100, (440 / 10_000 + 319 / 10_100) / 2
    assert (mobile["previous_weight"], mobile["weight"]) == pytest.approx((before, after))
    mix = 100 * (after - before) * ((240 / 6000 + 120 / 6200) / 2 - middle)
    rate = 100 * (120 / 6200 - 240 / 6000) * (before + after) / 2
    assert (mobile["mix_effect"], mobile["rate_effect"]) == pytest.approx((mix, rate))
    assert sum(row["effect"] for row in device.values()) == pytest.approx(100 * (319 / 10_100 - 0.044), abs=1e-9)
    assert mobile["share_of_change"] == pytest.approx((mix + rate) / (100 * (319 / 10_100 - 0.044)))
    assert (mobile["dimension_rank"], mobile["driver_rank"], mobile["is_detectable"]) == (1, 1, True)
    assert {name: row["driver_rank"] for name, row in device.items() if name != "mobile"} == dict.fromkeys(
        ("desktop", "tablet")
    )
    assert mobile["finding_en"] == (
        "Mobile accounts for −1.26 pp of −1.24 pp: its own value fell (−1.25 pp), its weight grew (−0.01 pp)."
    )
    points = "واحد درصد"
    assert mobile["finding_fa"] == (
        f"سهم {FSI}موبایل{PDI} از تغییر {LRI}−۱٫۲۴{PDI} {points}، {LRI}−۱٫۲۶{PDI} {points} است:"
        f" مقدار خودش پایین آمده ({LRI}−۱٫۲۵{PDI} {points})، وزنش بیشتر شده ({LRI}−۰٫۰۱{PDI} {points})."
    )


def test_of_many_members_the_one_that_moved_is_known(split: Split) -> None:
    countries = {f"country {n}": steady((240, 6000), (90 if n == 40 else 240, 6000)) for n in range(100)}
    found = last_week(split.rows(RATE, {"country": countries, "device": countries}), "country")

    assert [name for name, row in found.items() if row["is_detectable"]] == ["country 40"]


def test_a_dimension_whose_members_moved_alike_explains_less(split: Split) -> None:
    rows = split.rows(RATE, {"country": COUNTRIES, "device": DEVICES})

    assert last_week(rows, "country")["DE"]["dimension_rank"] == 2
    assert last_week(rows, "country")["DE"]["explained_share"] < 0.05
    assert last_week(rows, "device")["mobile"]["explained_share"] > 0.3


@pytest.mark.parametrize(("is_detectable", "names"), [(False, set()), (None, {"mobile"}), (True, {"mobile"})])
def test_where_the_kpi_may_have_moved_by_chance_nobody_is_named(
    split: Split, is_detectable: bool | None, names: set[str]
) -> None:
    rows = split.rows(RATE, {"device": DEVICES}, is_detectable=is_detectable)

    found = last_week(rows)
    assert {name for name, row in found.items() if row.get("finding_en")} == names
    assert {name for name, row in found.items() if row["driver_rank"]} == names
    assert len(found) == 3


def test_a_new_member_has_no_value_of_its_own_to_compare(split: Split) -> None:
    """Its weight went from 0 to 25 %: 0.25 * (8 - (4.4 + 5.3) / 2) = 0.7875."""
    countries = {"DE": steady((330, 7500), (330, 7500)), "IT": [None] * 15 + [(200.0, 2500.0)]}
    italy = last_week(split.rows(RATE, {"country": countries}))["IT"]

    assert (italy["is_new"], italy["previous_value"], italy["is_detectable"]) == (True, None, True)
    assert italy["finding_en"] == "IT accounts for +0.79 pp of +0.90 pp: it was not there in the week before."


def test_a_member_of_which_nothing_can_be_told_is_named_only_where_the_kpi_surely_moved(split: Split) -> None:
    """What never was there has no usual steps."""
    visits = metric("sessions", unit="count", dimensions=("country",))
    countries: Dimension = {"DE": [(700 + 10 * (n % 3), 0) for n in range(16)], "IT": [None] * 15 + [(500, 0)]}
    ranks = {
        is_detectable: last_week(split.rows(visits, {"country": countries}, is_detectable=is_detectable))["IT"]
        for is_detectable in (True, None)
    }

    assert [each["is_detectable"] for each in ranks.values()] == [None, None]
    assert [each["driver_rank"] for each in ranks.values()] == [1, None]


def test_simpsons_paradox_is_marked(split: Split) -> None:
    """The published example: both members rise, the total falls from 7.33 % to 4.2 %."""
    devices = {"a": [(200.0, 2000.0), (110.0, 1000.0)], "b": [(20.0, 1000.0), (100.0, 4000.0)]}
    found = last_week(split.rows(RATE, {"device": devices}))

    assert [row["is_simpson"] for row in found.values()] == [True, True]
    assert [row["mix_effect"] for row in found.values()] == pytest.approx([-2.208889, -1.641111], abs=5e-7)
    assert [row["rate_effect"] for row in found.values()] == pytest.approx([0.433333, 0.283333], abs=5e-7)


def test_what_members_do_not_say_stands_under_other_and_is_never_named(split: Split) -> None:
    devices = {"a": [(200.0, 2000.0), (110.0, 1000.0)], "b": [(20.0, 1000.0), (100.0, 4000.0)]}
    found = last_week(split.rows(RATE, {"device": devices}, total=[(230, 3100), (410, 5500)]))

    other = found["(other)"]
    assert (other["previous_value"], other["value"]) == pytest.approx((100 * 10 / 100, 100 * 200 / 500))
    assert sum(row["effect"] for row in found.values()) == pytest.approx(100 * (410 / 5500 - 230 / 3100), abs=1e-9)
    assert other["driver_rank"] is None


def test_rounding_of_sums_is_nobody(split: Split) -> None:
    devices = {"a": [(200.000001, 2000.0), (110.0, 1000.0)], "b": [(20.0, 1000.0), (100.0, 4000.0)]}

    assert set(last_week(split.rows(RATE, {"device": devices}, total=[(220, 3000), (210, 5000)]))) == {"a", "b"}


def test_members_whose_value_is_withheld_stand_together(split: Split) -> None:
    """Of two small ones, neither has a value; together they have 150 sessions in the last week."""
    one = RATE.model_copy(update={"min_denominator": 100})
    devices = {
        "a": [(200.0, 2000.0), (210.0, 2000.0)],
        "b": [(9.0, 90.0), (3.0, 80.0)],
        "c": [(3.0, 60.0), (12.0, 70.0)],
    }
    found = last_week(split.rows(one, {"device": devices}))

    assert set(found) == {"a", "(other)"}
    assert (found["(other)"]["previous_value"], found["(other)"]["value"]) == pytest.approx((8, 10))
    alone = last_week(split.rows(one, {"device": {name: devices[name] for name in "ab"}}))
    assert (alone["(other)"]["previous_value"], alone["(other)"]["value"]) == (None, None)
    assert sum(row["effect"] for row in alone.values()) == pytest.approx(100 * (213 / 2080 - 209 / 2090), abs=1e-9)


def test_amounts_are_split_by_difference(split: Split) -> None:
    visits = metric("sessions", unit="count", decimals=0, dimensions=("country",), name=text("Visits"))
    countries: Dimension = {
        "DE": [(700 + 10 * (n % 3), 0) for n in range(15)] + [(400, 0)],
        "FR": [(300 + 5 * (n % 2), 0) for n in range(15)] + [None],
        "": [None] * 15 + [(20, 0)],
    }
    found = last_week(split.rows(visits, {"country": countries}))

    assert {name: row["effect"] for name, row in found.items()} == {"DE": -320, "FR": -300, "": 20}
    assert (found["FR"]["is_vanished"], found["FR"]["value"], found[""]["is_new"]) == (True, None, True)
    assert all(row["mix_effect"] is None and row["weight"] is None for row in found.values())
    assert found["DE"]["finding_en"] == "DE accounts for −320 of −600: from 720 to 400."
    assert found["FR"]["finding_en"] == "FR accounts for −300 of −600: it is not there any more."
    assert found[""]["driver_rank"] is None


FACTORS = {
    "traffic": (metric("sessions", unit="count", decimals=0, name=text("Traffic")), [100_000.0, 110_000.0]),
    "order_rate": (metric("orders / sessions", unit="percent", name=text("Order rate")), [2.0, 1.8]),
    "basket": (metric("gross_sales / orders", unit="currency", name=text("Basket")), [50.0, 55.0]),
}
SALES = metric("gross_sales", unit="currency", decimals=0, dimensions=(), factors=tuple(FACTORS), name=text("Sales"))


def test_a_product_is_split_into_its_factors(split: Split) -> None:
    found = last_week(split.rows(SALES, {}, total=[(100_000, 0), (108_900, 0)], factors=FACTORS))

    assert [row["effect"] for row in found.values()] == pytest.approx([9949.122, -10998.244, 9949.122], abs=5e-4)
    assert {row["method"] for row in found.values()} == {row["dimension"] for row in found.values()} == {"factors"}
    assert found["order_rate"]["driver_rank"] == 1
    assert found["order_rate"]["finding_en"] == ("Order rate accounts for −€10,998 of +€8,900: from 2.00% to 1.80%.")
    assert f"{FSI}فارسی Order rate{PDI}" in found["order_rate"]["finding_fa"]


def test_factors_that_do_not_give_the_value_are_not_shown(split: Split) -> None:
    assert split.rows(SALES, {}, total=[(100_000, 0), (108_000, 0)], factors=FACTORS) == []
    lacking = FACTORS | {"basket": (FACTORS["basket"][0], [55.0])}
    assert split.rows(SALES, {}, total=[(100_000, 0), (108_900, 0)], factors=lacking) == []


@pytest.mark.parametrize(
    ("formula", "options", "obstacle"),
    [
        ("sessions_with_purchase / sessions", {}, None),
        ("(gross_sales - 2 * discounts) / orders", {}, None),
        ("100 * (sessions - previous(sessions)) / previous(sessions)", {}, None),
        ("cohort_gross_margin / new_customers", {"cohort_age_days": 90}, None),
        ("days_to_purchase", {}, "no_sum"),
        ("(gross_sales + 5) / orders", {}, "no_sum"),
        ("gross_sales * orders / sessions", {}, "no_sum"),
        ("gross_sales / orders - discounts / orders", {}, "no_sum"),
        ("users", {}, "overlap"),
        ("sessions_with_purchase / sessions", {"undivided": ("sessions",)}, "undivided"),
    ],
)
def test_what_members_add_up_to_follows_from_the_formula(
    project: SqlProject, formula: str, options: dict[str, Any], obstacle: str | None
) -> None:
    plan = plan_metric("asked", configuration({"asked": metric(formula, **options)}), project)

    assert obstacle_to_splitting(plan) == obstacle


def test_a_dimension_that_cannot_be_split_says_so(split: Split) -> None:
    visitors = metric("users", unit="count", dimensions=("device",))
    (row,) = split.rows(visitors, {"device": {"mobile": [(5, 0), (6, 0)]}}, total=[(7, 0), (8, 0)])

    assert (row["method"], row["dimension"], row.get("effect")) == ("not_split", "device", None)
    assert row["finding_en"] == "Not split by Device: the same thing is counted for several members."
    assert "به تفکیک" in row["finding_fa"]


def test_thirteen_weeks_are_split_each_against_the_one_before(split: Split) -> None:
    rows = split.rows(RATE, {"device": DEVICES})

    weeks = sorted({row["week_start"] for row in rows})
    assert weeks == [week(LAST - n) for n in reversed(range(13))]
    assert all(row["week_start"] - row["previous_week"] == timedelta(weeks=1) for row in rows)


def test_the_week_that_is_not_over_is_left_aside(split: Split) -> None:
    """The last complete week is the one before the last one that there are values of."""
    rows = split.rows(RATE, {"device": DEVICES}, last_complete=LAST - 1)

    assert max(row["week_start"] for row in rows) == week(LAST - 1)


def test_a_week_without_a_change_has_no_rows(split: Split) -> None:
    """Without a value in one of them, two weeks are not compared."""
    devices = {"a": [(1.0, 10.0), (0.0, 0.0), (2.0, 10.0), (3.0, 10.0)]}

    assert {row["week_start"] for row in split.rows(RATE, {"device": devices})} == {week(LAST)}

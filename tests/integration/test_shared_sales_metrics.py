"""Metrics of real shops, through the catalogue: what others published or computed for them, or what Python counts.

The measures are built in a warehouse of each shop's currency and asked by compiled metrics, without publishing. Olist's
customers stand in a file of their own, which no configuration can join: the test joins its files before they arrive.
"""

import csv
import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.catalogue.metrics.compiler import basis_problems, compile_metric
from kpi_pipeline.pipeline import Installation, Run

MAPPINGS = Path(__file__).with_name("shared_sources")
COMPANY = """\
name: {{en: Acceptance, fa: پذیرش}}
time_zone: {zone}
week_start: monday
reporting_currency: {currency}
started_on: 1997-01-01
"""
# Every order counts in the published figures, whatever became of it.
OLIST = """\
system: csv
currency: BRL
time_zone: America/Sao_Paulo
columns:
  order: {header: order_id}
  customer: {header: customer_unique_id}
  purchased: {header: order_purchase_timestamp, type: timestamp}
  paid: {header: payments, type: decimal}
tables:
  orders:
    columns:
      order_id: order
      day: purchased
      created_at: purchased
      customer_key: customer
      status: "'paid'"
      gross_items: paid
"""
MEASURES = ("orders", "returns", "buyers", "cohorts")
Row = dict[str, Any]


class Shop:
    """A warehouse with the measures of one shop, and the metrics over them."""

    def __init__(self, run: Run, installation: Installation, as_of: date) -> None:
        self._run, self._installation, self._as_of = run, installation, as_of

    def load(self, *sources: str, measures: Collection[str] = MEASURES) -> None:
        for source in sources:
            (file,) = self._run.ingest(source, self._as_of).files
            assert file.state == "loaded", file.problem
        self._run.write_seeds(self._as_of)
        project = self._installation.project
        wanted = {"core.coverage", *(f"measures.{name}" for name in measures)}
        self._run.build_tables(wanted.union(*map(project.ancestors, wanted))).raise_failures()

    def metric(self, metric_id: str, grain: Any = "week", **changes: Any) -> dict[date, Row]:
        """Return period start → row; ``changes`` are options of the metric that differ from the shipped ones."""
        configuration = self._installation.configuration
        metric = configuration.metrics[metric_id].model_copy(update=changes)
        configuration = replace(configuration, metrics={metric_id: metric})
        compiled = compile_metric(metric_id, configuration, self._installation.project, grain)
        return {row["period_start"]: row for row in self._run.engine.read(compiled.sql).to_pylist()}

    def one(self, query: str) -> tuple[Any, ...]:
        (row,) = self._run.engine.read(query).to_pylist()
        return tuple(row.values())


@pytest.fixture(scope="module")
def open_shop(
    tmp_path_factory: pytest.TempPathFactory,
    config_with: Callable[..., Path],
    make_installation: Callable[..., Installation],
) -> Callable[..., Any]:
    @contextmanager
    def opened(
        sources: Mapping[str, str], files: Mapping[str, Path], *, currency: str, as_of: date, zone: str = "UTC"
    ) -> Iterator[Shop]:
        folder = tmp_path_factory.mktemp("shop")
        (folder / "config").mkdir()
        company = COMPANY.format(zone=zone, currency=currency)
        installation = make_installation(folder / "data", config_with(folder / "config", company, dict(sources)))
        for source, path in files.items():
            (installation.paths.inbox / source).mkdir(parents=True)
            shutil.copy(path, installation.paths.inbox / source / path.name)
        with installation.open_run() as run:
            yield Shop(run, installation, as_of)

    return opened


@pytest.fixture(scope="module")
def expected(shared_data: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((shared_data / "expected.json").read_text(encoding="utf-8"))
    return content


def test_shipped_metrics_are_right_for_a_shop_without_returns_and_costs(
    config_with: Callable[..., Path], make_installation: Callable[..., Installation], tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    company = COMPANY.format(zone="UTC", currency="BRL")
    installation = make_installation(tmp_path, config_with(tmp_path / "config", company, {"orders": OLIST}))
    assert basis_problems(installation.configuration, installation.project) == []


def mapping(name: str) -> str:
    return (MAPPINGS / f"{name}.yaml").read_text(encoding="utf-8")


def total(rows: Mapping[date, Row], part: str) -> float:
    return float(sum(row[part] for row in rows.values() if row[part] is not None))


@pytest.fixture(scope="module")
def olist(open_shop: Callable[..., Any], shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = shared_data / "sales" / "olist_4k"
    payments: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in _records(folder / "olist_order_payments_dataset.csv"):
        payments[row["order_id"]] += Decimal(row["payment_value"])
    people = {row["customer_id"]: row for row in _records(folder / "olist_customers_dataset.csv")}
    joined = tmp_path_factory.mktemp("olist") / "joined.csv"
    with joined.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["order_id", "customer_unique_id", "order_purchase_timestamp", "payments"])
        for row in _records(folder / "olist_orders_dataset.csv"):
            person = people[row["customer_id"]]["customer_unique_id"]
            writer.writerow([row["order_id"], person, row["order_purchase_timestamp"], payments[row["order_id"]]])
    facts = {"currency": "BRL", "as_of": date(2018, 9, 10), "zone": "America/Sao_Paulo"}
    with open_shop({"olist": OLIST}, {"olist": joined}, **facts) as shop:
        shop.load("olist")
        yield shop


def _records(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_orders_and_order_value_of_olist(olist: Shop, expected: dict[str, Any]) -> None:
    known = expected["olist_4k"]
    weeks = {date.fromisoformat(week["week"]): week for week in known["weekly_iso_monday"]}
    months = {date.fromisoformat(f"{month['month']}-01"): month for month in known["monthly"]}
    for grain, groups in (("week", weeks), ("month", months)):
        orders, values = olist.metric("orders_valid", grain), olist.metric("aov", grain)
        assert {start: row["value"] for start, row in orders.items() if row["value"]} == {
            start: group["orders"] for start, group in groups.items()
        }
        assert {start: row["value"] for start, row in values.items() if row["value"] is not None} == {
            start: pytest.approx(group["payments"] / group["orders"]) for start, group in groups.items()
        }
        # A period without an order has no order value rather than one of zero.
        idle = values.keys() - groups.keys() - {max(values)}
        assert {values[start]["null_reason"] for start in idle} <= {"zero_denominator"}
        ratio = total(values, "numerator") / total(values, "denominator")
        assert ratio == pytest.approx(known["aov_payments"], rel=1e-8)


def test_customers_of_olist_who_came_back(olist: Shop, expected: dict[str, Any]) -> None:
    known = expected["olist_4k"]["repeat_customers"]
    # Both of them came back once, in different quarters.
    new, returning = (olist.metric(f"{kind}_customers", "quarter") for kind in ("new", "returning"))
    assert total(new, "value") == known["customers"]
    assert total(returning, "value") == known["repeat_customers"]
    buyers, back = olist.one(
        "select count(distinct customer_key), count(distinct customer_key) filter (where is_returning)"
        " from measures.buyers where is_known"
    )
    assert (buyers, back) == (known["customers"], known["repeat_customers"])
    assert 100 * back / buyers == pytest.approx(known["repeat_pct"], abs=5e-7)


@pytest.fixture(scope="module")
def cdnow(open_shop: Callable[..., Any], shared_data: Path) -> Iterator[Shop]:
    files = {"cdnow": shared_data / "sales" / "cdnow" / "CDNOW_sample.txt"}
    with open_shop({"cdnow": mapping("cdnow_sample")}, files, currency="USD", as_of=date(1999, 1, 1)) as shop:
        shop.load("cdnow")
        yield shop


@pytest.fixture(scope="module")
def purchases(shared_data: Path) -> dict[str, list[date]]:
    """Customer of CDNOW → the days of all purchases."""
    found: defaultdict[str, list[date]] = defaultdict(list)
    for line in (shared_data / "sales" / "cdnow" / "CDNOW_sample.txt").read_text(encoding="ascii").splitlines():
        customer, _, day, *_ = line.split()
        found[customer].append(date.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}"))
    return {customer: sorted(days) for customer, days in found.items()}


def test_purchases_of_cdnow(cdnow: Shop, expected: dict[str, Any]) -> None:
    known = expected["cdnow_sample"]
    months = cdnow.metric("aov", "month")
    assert total(months, "denominator") == known["transactions"]
    assert total(months, "numerator") == pytest.approx(known["revenue"], abs=0.005)
    ratio = total(months, "numerator") / total(months, "denominator")
    assert ratio == pytest.approx(known["avg_per_transaction"], abs=5e-5)
    new = cdnow.metric("new_customers", "quarter")
    assert new[date(1997, 1, 1)]["value"] == known["customers"]


def test_customers_of_cdnow_who_came_back(cdnow: Shop, expected: dict[str, Any]) -> None:
    # The first quarter's customers, followed to the end of the file.
    known = expected["cdnow_sample"]
    ever = {"cohort_age_days": 600, "shift_weeks": 0, "grains": None}
    first = cdnow.metric("customer_retention_rate", "quarter", **ever)[date(1997, 1, 1)]
    assert (first["numerator"], first["denominator"]) == (known["customers_with_2plus_days"], known["customers"])
    assert first["value"] == pytest.approx(known["repeat_pct"], abs=5e-7)
    churn = cdnow.metric("customer_churn_rate", "quarter", **ever)[date(1997, 1, 1)]
    assert churn["value"] == pytest.approx(100 - known["repeat_pct"], abs=5e-7)
    (repeaters,) = cdnow.one(
        "select sum(retained_customers) from measures.cohorts"
        " where day + cast(age_days as integer) <= date '1997-09-30'"
    )
    assert repeaters == expected["clv_cdnow"]["computed_from_raw_transactions"]["repeaters"]


@pytest.mark.parametrize(
    ("metric_id", "age", "weeks"), [("customer_retention_rate", 90, 13), ("customer_retention_rate_365", 365, 53)]
)
def test_weekly_retention_of_cdnow(
    metric_id: str, age: int, weeks: int, cdnow: Shop, purchases: dict[str, list[date]]
) -> None:
    cohorts: Counter[date] = Counter()
    retained: Counter[date] = Counter()
    for days in purchases.values():
        week = days[0] - timedelta(days=days[0].weekday())
        cohorts[week] += 1
        retained[week] += any(0 < (day - days[0]).days < age for day in days)
    rows = cdnow.metric(metric_id)
    assert len(cohorts) == 13
    assert {week: rows[week + timedelta(weeks=weeks)]["value"] for week in cohorts} == {
        week: pytest.approx(100 * retained[week] / count) for week, count in cohorts.items()
    }


def test_repeat_purchases_of_a_year_of_cdnow(cdnow: Shop, purchases: dict[str, list[date]]) -> None:
    week = date(1998, 5, 25)
    first, last = week - timedelta(weeks=51), week + timedelta(days=6)
    bought = {
        who: [number for number, day in enumerate(days) if first <= day <= last] for who, days in purchases.items()
    }
    buyers = [numbers for numbers in bought.values() if numbers]
    again = [numbers for numbers in buyers if numbers[-1] > 0]
    row = cdnow.metric("repeat_purchase_rate")[week]
    assert (row["numerator"], row["denominator"]) == (len(again), len(buyers))


def test_two_currencies_are_only_added_up_at_the_rates_of_their_days(
    open_shop: Callable[..., Any], shared_data: Path, tmp_path: Path, expected: dict[str, Any]
) -> None:
    known = {row["currency"]: row["orders"] for row in expected["fivetran_shopify_orders"]}
    pounds, dollars = date(2020, 9, 1), date(2025, 5, 1)
    rates = tmp_path / "rates.csv"
    rates.write_text("date,base,quote,rate\n2020-09-09,GBP,USD,1.25\n2020-09-11,GBP,USD,1.30\n", encoding="utf-8")
    sources = {"shop": mapping("fivetran_shopify_orders"), "rates": "system: fx_rates\n"}
    files = {"shop": shared_data / "sales" / "fivetran_shopify" / "shopify_order_data.csv", "rates": rates}
    with open_shop(sources, files, currency="USD", as_of=date(2025, 6, 1)) as shop:
        shop.load("shop", measures=("orders", "returns"))
        orders, gross = (shop.metric(metric_id, "month") for metric_id in ("orders_valid", "gross_sales"))
        assert (orders[pounds]["value"], orders[dollars]["value"]) == (known["GBP"], known["USD"])
        # 100 + 80 + 50 + 200 + 150 dollars; the pounds are not worth one dollar each for want of a rate.
        assert (gross[dollars]["value"], gross[pounds]["null_reason"]) == (580, "missing_rate")

        shop.load("rates", measures=("orders", "returns"))
        # 2.80 and 4.40 pounds at 1.25, 5.60 at 1.30 with 2.80 off; at constant rates all of it at 1.25.
        ids = ("gross_sales", "aov", "revenue_constant_currency")
        assert [shop.metric(metric_id, "month")[pounds]["value"] for metric_id in ids] == [
            pytest.approx(16.28),
            pytest.approx((16.28 - 3.64) / known["GBP"]),
            pytest.approx(12.5),
        ]

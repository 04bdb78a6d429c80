import pytest
import sqlglot

from kpi_pipeline.warehouse.sql_lint import find_banned


def codes(sql: str, schema: str = "core") -> list[str]:
    return [finding.code for finding in find_banned(sqlglot.parse_one(sql, dialect="duckdb"), schema)]


@pytest.mark.parametrize(
    "sql",
    [
        "select x.a from core.x as x asof join core.y as y on x.day >= y.day",
        "select a from core.x positional join core.y",
        "select a from core.x pivot (sum(b) for c in ('a', 'b'))",
        "select dayofweek(day) as a from core.x",
        "select isodow(day) as a from core.x",
        "select extract(isodow from day) as a from core.x",
        "select extract(dow from day) as a from core.x",
        "select monthname(day) as a from core.x",
        "select dayname(day) as a from core.x",
        "select list(a order by b) as a from core.x",
        "select array_agg(a order by b desc) as a from core.x",
        "select log(b) as a from core.x",
        "select regexp_replace(a, 'b', 'c') as a from core.x",
        "select percentile_cont(0.5) within group (order by b) as a from core.x",
        "select count(distinct b) over (partition by c) as a from core.x",
        "select b at time zone 'Europe/Berlin' as a from core.x",
        "select try_cast(b as integer) as a from core.x",
        "select random() as a from core.x",
        "select uuid() as a from core.x",
        "select current_date as a from core.x",
        "select today() as a from core.x",
        "select now() as a from core.x",
        "select get_current_timestamp() as a from core.x",
        "with c as (select now() as a from core.x) select a from c",
        "select a from core.x order by a",
    ],
)
def test_what_means_something_else_elsewhere_is_found(sql: str) -> None:
    assert codes(sql) == ["SQL040"]


@pytest.mark.parametrize(
    "sql",
    [
        "select extract(year from day) as a from core.x",
        "select list(a) as a, log10(b) as b, ln(b) as c from core.x",
        "select regexp_replace(a, 'b', 'c', 'g') as a from core.x",
        "select count(distinct b) as a, count(*) over (partition by c) as d from core.x group by c",
        "select a from core.x qualify row_number() over (partition by b order by c) = 1",
        "select a from core.x order by a limit 10",
        "select sum(a) filter (where b > 0) as a, string_agg(b, ',' order by c) as d from core.x",
    ],
)
def test_what_is_portable_is_not_found(sql: str) -> None:
    assert codes(sql) == []


@pytest.mark.parametrize(
    ("division", "is_found"),
    [
        ("a / b", True),
        ("a // b", True),
        ("a % b", True),
        ("a / 0", True),
        ("a / (b - c)", True),
        ("a / cast(b as double)", True),
        ("a / coalesce(nullif(b, 0), 1)", True),
        ("a / nullif(b, 0)", False),
        ("a / (nullif(b, 0))", False),
        ("a / cast(nullif(b, 0) as double)", False),
        ("a / 100", False),
        ("a / 1e6", False),
    ],
)
@pytest.mark.parametrize("schema", ["staging", "core", "views"])
def test_a_division_that_may_be_by_zero_is_found(division: str, schema: str, is_found: bool) -> None:
    assert codes(f"select {division} as q from core.x", schema) == (["SQL041"] if is_found else [])


def test_ratios_of_sums_belong_to_metrics_alone() -> None:
    ratio = "select sum(a) / nullif(sum(b), 0) as q from core.x"
    assert codes(ratio, "core") == codes(ratio, "measures") == ["SQL042"]
    assert codes(ratio, "views") == codes(ratio, "staging") == []
    # An amount that is spread over the rows of its group stays a sum.
    assert codes("select a * sum(b) over (partition by c) / nullif(d, 0) as q from core.x") == []


def test_a_mean_is_no_measure() -> None:
    assert codes("select avg(a) as q from core.x", "measures") == ["SQL042"]
    assert codes("select avg(a) as q from core.x", "views") == []


def test_a_finding_names_its_line() -> None:
    found = list(find_banned(sqlglot.parse_one("select\n a,\n a / b as q\nfrom core.x", dialect="duckdb"), "core"))
    assert [finding.line for finding in found] == [3]

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kpi_pipeline.errors import SqlTableError
from kpi_pipeline.warehouse.sql_file import SqlFile, parse_sql_file

Write = Callable[[Mapping[str, str]], Path]

ADS = """
-- One row per campaign and day
-- of one account.
-- grain: day, campaign, customer_key
-- incremental: day
-- covered by: ad_performance
-- distinct buyers: customer_key where is_paid
-- check clicks_not_negative: clicks >= 0

-- The platform repeats rows (decision 4).
with purchases as (
    select orders.day, orders.campaign
    from raw.orders as orders -- not core.orders
)

select
    ads.day, -- calendar day in the account's zone
    ads.campaign, -- its name
    -- reason above the column
    ads.customer_key, -- keyed hash; no e-mail
    ads.cost > 0 as is_paid, -- whether it cost something
    sum(
        case
            when ads.kind = 'a' then ads.clicks -- platform counts them twice
        end
    ) as clicks, -- clicks on the ad
    cast((select max(rates.rate) from core.rates as rates) * ads.cost as decimal(18, 4)) as cost -- in EUR
from core.ads as ads
left join purchases using (day, campaign)
where exists (select 1 from staging.campaigns as campaigns where campaigns.campaign = ads.campaign)
group by all
"""


@pytest.fixture
def parse(write_sql: Write) -> Callable[..., SqlFile]:
    def parse(text: str, name: str = "core/ads.sql") -> SqlFile:
        return parse_sql_file(write_sql({name: text}) / name, name.partition("/")[0])

    return parse


def test_a_file_tells_all_about_its_table(parse: Callable[..., SqlFile]) -> None:
    file = parse(ADS, "measures/ads.sql")
    assert file.table == "measures.ads"
    assert file.schema == "measures"
    assert file.place == Path("sql/measures/ads.sql")
    assert file.query == ADS.lstrip("\n")
    assert file.fingerprint == hashlib.sha256(ADS.lstrip("\n").encode()).hexdigest()
    assert file.description == "One row per campaign and day of one account. Grain: day, campaign, customer_key."
    assert file.has_day
    assert file.column_notes == {
        "day": "calendar day in the account's zone",
        "campaign": "its name",
        "customer_key": "keyed hash; no e-mail",
        "is_paid": "whether it cost something",
        "clicks": "clicks on the ad",
        "cost": "in EUR",
    }


def test_inputs_are_the_tables_read_anywhere_and_nothing_else(parse: Callable[..., SqlFile]) -> None:
    file = parse(ADS, "measures/ads.sql")
    assert set(file.inputs) == {"raw.orders", "core.ads", "core.rates", "staging.campaigns"}
    lines = file.query.splitlines()
    assert all(table in lines[line - 1] for table, line in file.reads.items())


@pytest.mark.parametrize(
    ("query", "inputs"),
    [
        ("with orders as (select a from core.orders) select a from orders", {"core.orders"}),
        ("with a as (select 1 as a), b as (select a from a) select a from b", set()),
        ("select a from core.x as y, lateral (select b from core.z where z.a = y.a) as q", {"core.x", "core.z"}),
        ("select a from core.x union all select a from core.y", {"core.x", "core.y"}),
        ("with recursive r as (select 1 as a union all select a + 1 from r where a < 5) select a from r", set()),
        ("select a from (select a from core.x) as core_y", {"core.x"}),
        ('select a from "core"."x"', {"core.x"}),
        ("select a from x", {"x"}),
        ("select a from other.core.x", {"other.core.x"}),
        ("select a from 'file.csv'", {"file.csv"}),
        ("select a from read_csv('x.csv')", {"READ_CSV('x.csv')"}),
    ],
)
def test_tables_are_told_from_common_tables_and_aliases(
    parse: Callable[..., SqlFile], query: str, inputs: set[str]
) -> None:
    assert set(parse(f"-- One row.\n{query}", "staging/x.sql").inputs) == inputs


def test_a_measures_file_tells_dimensions_keys_and_measures(parse: Callable[..., SqlFile]) -> None:
    file = parse(ADS, "measures/ads.sql")
    assert file.dimensions == ("campaign",)
    assert file.keys == ("customer_key",)
    assert [(measure.name, measure.kind, measure.column, measure.where) for measure in file.measures] == [
        ("clicks", "sum", "clicks", None),
        ("cost", "sum", "cost", None),
        ("buyers", "distinct", "customer_key", "is_paid"),
    ]
    assert file.covered_by is not None
    assert file.covered_by.subjects == ("ad_performance",)
    assert {measure.table for measure in file.measures} == {"measures.ads"}


def test_the_age_of_a_cohort_is_no_dimension(parse: Callable[..., SqlFile]) -> None:
    file = parse(
        "-- One row.\n-- grain: day, channel, age_days\n-- covered by: orders\n"
        "select day, -- d\nchannel, -- c\nage_days, -- a\nmargin -- m\nfrom core.x",
        "measures/cohorts.sql",
    )
    assert (file.dimensions, file.keys) == (("channel",), ("age_days",))
    assert [measure.name for measure in file.measures] == ["margin"]


def test_only_measures_files_have_measures(parse: Callable[..., SqlFile]) -> None:
    file = parse("-- One row.\n-- grain: day\nselect day, -- d\ncost -- c\nfrom core.x")
    assert file.measures == ()


def test_the_names_of_a_union_come_from_its_first_select(parse: Callable[..., SqlFile]) -> None:
    file = parse("-- One row.\n-- grain: a\nselect b as a -- the a\nfrom core.x union all select c from core.y")
    assert file.column_notes == {"a": "the a"}


def test_a_staging_file_may_lack_grain_and_notes(parse: Callable[..., SqlFile]) -> None:
    file = parse("-- One row per event.\nselect day, events.name from raw.events as events", "staging/events.sql")
    assert (file.grain, file.description) == ((), "One row per event.")
    assert file.column_notes == {"day": "", "name": ""}


GOOD = "-- One row per day.\n-- grain: day\nselect day -- the day\nfrom core.x"


@pytest.mark.parametrize(
    ("text", "line", "code", "message"),
    [
        (f"{GOOD};", 4, "SQL002", "a semicolon"),
        (f"{GOOD};\nselect 2", 4, "SQL002", "a semicolon"),
        ("-- One row.\n", 1, "SQL002", "nothing instead of a SELECT"),
        ("-- One row.\npivot core.x on a using sum(b)", 1, "SQL002", "pivot instead of a SELECT"),
        ("-- One row.\ninsert into core.x select 1", 1, "SQL002", "insert instead of a SELECT"),
        ("-- One row.\ncreate table x as select 1", 1, "SQL002", "create instead of a SELECT"),
        ("-- One row.\nvalues (1)", 1, "SQL002", "values instead of a SELECT"),
        ("-- R.\n\nwith x as (delete from core.y returning a) select a from x", 3, "SQL002", "delete inside"),
        ("-- One row.\nselect a\nfrom core.x where where", 3, "SQL002", "no valid SQL"),
        ("-- One row.\nselect", 1, "SQL002", "without columns"),
        ("-- One row.\nselect a from core.x union all (summarize core.y)", 1, "SQL002", "no valid SQL"),
        ("-- One row.\nselect 'abc from core.x", 1, "SQL002", "no valid SQL"),
        (GOOD.removeprefix("-- One row per day.\n"), 1, "SQL003", "no sentence"),
        (GOOD.replace("per day.", "per day"), 1, "SQL003", "full stop"),
        (GOOD.replace("-- grain: day\n", ""), 1, "SQL004", "the grain is missing"),
        (GOOD.replace("grain: day", "grain: dya"), 2, "SQL004", 'did you mean "day"?'),
        (GOOD.replace("grain: day", "grain: day\n-- check c: dya > 1"), 3, "SQL006", 'did you mean "day"?'),
        (GOOD.replace("grain: day", "grain: day\n-- warn c: x > 1"), 3, "SQL006", '"c" names "x"'),
        (
            GOOD.replace("day", "week").replace("-- grain", "-- incremental: day\n-- grain"),
            2,
            "SQL007",
            "without a col",
        ),
        (GOOD.replace("-- grain", "-- covered by: orders\n-- grain"), 2, "SQL009", "measures alone"),
        (GOOD.replace("-- grain", "-- distinct n: day\n-- grain"), 2, "SQL009", "measures alone"),
        (GOOD.replace("select day", "select *"), 3, "SQL010", "selects *"),
        (GOOD.replace("select day", "select x.*"), 3, "SQL010", "selects *"),
        (GOOD.replace("select day", "select x.* exclude (a)"), 3, "SQL010", "selects *"),
        (GOOD.replace("select day", "select columns(*)"), 3, "SQL010", "selects *"),
        (GOOD.replace("select day", "select day, -- d\nmax(a) -- m\n, a"), 4, "SQL010", "has no name"),
        (GOOD.replace("select day", "select day, -- d\na as day"), 3, "SQL010", "comes twice"),
        (GOOD.replace(" -- the day", ""), 3, "SQL011", "no note"),
        (GOOD.replace("day -- the day", "day / month as day -- d"), 3, "SQL041", "nullif"),
    ],
)
def test_a_problem_is_named_with_its_line(
    parse: Callable[..., SqlFile], text: str, line: int, code: str, message: str
) -> None:
    with pytest.raises(SqlTableError) as caught:
        parse(text)
    found = str(caught.value).splitlines()
    assert any(each.startswith(f"sql/core/ads.sql:{line}  {code}  ") and message in each for each in found), found


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        (GOOD, 1, "SQL009"),
        (GOOD.replace("-- grain: day", "-- covered by: orders\n-- grain: month").replace("day", "month"), 3, "SQL009"),
        (GOOD.replace("-- grain", "-- covered by: orders\n-- distinct n: nothing\n-- grain"), 3, "SQL006"),
        (GOOD.replace("-- grain", "-- covered by: orders\n-- last n: day where nothing > 1\n-- grain"), 3, "SQL006"),
    ],
)
def test_a_problem_of_a_measures_file_is_named(parse: Callable[..., SqlFile], text: str, line: int, code: str) -> None:
    with pytest.raises(SqlTableError, match=f"sql/measures/ads.sql:{line}  {code}  "):
        parse(text, "measures/ads.sql")


def test_all_problems_of_a_file_are_told_at_once(parse: Callable[..., SqlFile]) -> None:
    with pytest.raises(SqlTableError) as caught:
        parse("select a / b, c, now() as d from core.x")
    codes = [line.split("  ")[1] for line in str(caught.value).splitlines()]
    assert sorted(codes) == ["SQL003", "SQL004", "SQL010", "SQL011", "SQL011", "SQL040", "SQL041"]


def test_a_file_in_another_encoding_is_refused(write_sql: Write) -> None:
    path = write_sql({"core/x.sql": "select 1"}) / "core" / "x.sql"
    path.write_bytes("-- Größe\nselect 1".encode("latin-1"))
    with pytest.raises(SqlTableError, match=r"sql/core/x\.sql:1  SQL001  not UTF-8"):
        parse_sql_file(path, "core")


def test_a_changed_file_is_read_again(write_sql: Write) -> None:
    path = write_sql({"core/x.sql": GOOD}) / "core" / "x.sql"
    first = parse_sql_file(path, "core")
    assert parse_sql_file(path, "core") is first
    path.write_text(GOOD.replace("the day", "another note"), encoding="utf-8")
    second = parse_sql_file(path, "core")
    assert second.column_notes == {"day": "another note"}
    assert second.fingerprint != first.fingerprint

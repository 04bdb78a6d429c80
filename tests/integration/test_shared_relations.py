"""Files of CRM, e-mail, social, support and survey tools, mapped by configuration alone, or refused with the reason.

Everything is read from ``raw`` and ``staging`` of one warehouse, and some of it through the metrics; most counts are
taken from the files themselves with Python's csv module.
"""

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pytest

from kpi_pipeline.catalogue.metrics.compiler import compile_metric
from kpi_pipeline.config.model import Grain
from kpi_pipeline.pipeline import Installation
from kpi_pipeline.sources.loading.ingest_report import FileOutcome
from tests.unit.sources.read_files import contract, refusal

MAPPINGS = Path(__file__).with_name("shared_sources")
AS_OF = date(2026, 10, 1)
COMPANY = """\
name: {en: Acceptance, fa: پذیرش}
time_zone: UTC
week_start: monday
reporting_currency: USD
started_on: 2009-01-01
"""
HUBSPOT, KLAVIYO, ZENDESK = "data/crm/fivetran_hubspot", "data/email/fivetran_klaviyo", "data/support/fivetran_zendesk"
SOCIAL = "data/social/fivetran_social"
FILES = {
    "sales_pipeline": "data/crm/maven_crm/sales_pipeline.csv",
    "hubspot_deal_data": f"{HUBSPOT}/deal_data.csv",
    "hubspot_contact_data": f"{HUBSPOT}/contact_data.csv",
    "hubspot_ticket_data": f"{HUBSPOT}/ticket_data.csv",
    "klaviyo_event": f"{KLAVIYO}/event.csv",
    "klaviyo_event_norename": f"{KLAVIYO}/event_norename.csv",
    "klaviyo_person": f"{KLAVIYO}/person.csv",
    "zendesk_ticket_data": f"{ZENDESK}/ticket_data.csv",
    "fixture_deals_export": "formats/hubspot/fixture_deals_export.csv",
    "fixture_report_footer": "formats/salesforce/fixture_report_footer.csv",
    "campaigns_aggregated": "formats/mailchimp/campaigns_aggregated.csv",
    "single_campaign_report": "formats/mailchimp/single_campaign_report.csv",
    "fixture_facebook_posts_business_suite": "formats/social/fixture_facebook_posts_business_suite.csv",
    "fixture_instagram_posts_business_suite": "formats/social/fixture_instagram_posts_business_suite.csv",
    "tickets_view_export_header": "formats/zendesk/tickets_view_export_header.csv",
    "typeform_export": "formats/surveys/typeform_export.csv",
    "surveymonkey_export_columns": "formats/surveys/surveymonkey_export_columns.txt",
    "olist_reviews": "data/sales/olist_4k/olist_order_reviews_dataset.csv",
} | {
    name: f"{SOCIAL}/{name}.csv"
    for name in (
        "facebook_pages_daily_page_metrics_total_data",
        "facebook_pages_lifetime_post_metrics_total_data",
        "facebook_pages_post_history_data",
        "instagram_business_media_history_data",
        "instagram_business_media_insights_data",
        "instagram_business_user_history_data",
        "linkedin_pages_share_statistic_data",
        "organic_tweet_report",
        "tweet",
        "youtube_video_data",
    )
}
REFUSED = {
    "single_campaign_report": "expected a column 'Unique Id'",
    "surveymonkey_export_columns": "3 cells",
}
Loaded = tuple[duckdb.DuckDBPyConnection, dict[str, FileOutcome], Installation]
STAGED = ("customers", "deals", "leads", "support_tickets", "survey_responses", "email_campaigns", "social_posts")
MEASURED = ("core.coverage", "measures.deals_closed", "measures.surveys_csat")


@pytest.fixture(scope="module")
def shared(shared_data: Path) -> Path:
    return shared_data.parent


@pytest.fixture(scope="module")
def warehouse(
    shared: Path,
    tmp_path_factory: pytest.TempPathFactory,
    config_with: Callable[..., Path],
    make_installation: Callable[..., Installation],
) -> Iterator[Loaded]:
    """Load every file into one warehouse, and collect what became of each."""
    folder = tmp_path_factory.mktemp("relations")
    mappings = {source: (MAPPINGS / f"{source}.yaml").read_text(encoding="utf-8") for source in FILES}
    (folder / "config").mkdir()
    installation = make_installation(folder / "data", config_with(folder / "config", COMPANY, mappings))
    for source, path in FILES.items():
        target = installation.paths.inbox / source / Path(path).name
        target.parent.mkdir(parents=True)
        shutil.copy(shared / path, target)
    outcomes: dict[str, FileOutcome] = {}
    with installation.open_run() as run:
        for source in FILES:
            (outcomes[source],) = run.ingest(source, AS_OF).files
        run.write_seeds(AS_OF)
        tables = {*MEASURED, *(f"staging.{table}" for table in (*STAGED, "social_daily"))}
        ancestors = frozenset[str]().union(*(installation.project.ancestors(table) for table in MEASURED))
        run.build_tables(tables | ancestors).raise_failures()
        yield run.engine.connection, outcomes, installation


def one(warehouse: Loaded, query: str) -> tuple[Any, ...]:
    row = warehouse[0].execute(query).fetchone()
    assert row is not None
    return row


def records(shared: Path, source: str) -> list[dict[str, str]]:
    with (shared / FILES[source]).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("source", FILES)
def test_every_file_loads_or_is_refused_with_its_reason(warehouse: Loaded, source: str) -> None:
    outcome = warehouse[1][source]
    if source in REFUSED:
        assert outcome.state == "quarantined"
        assert REFUSED[source] in str(outcome.problem)
    else:
        assert (outcome.state, outcome.problem) == ("loaded", None)


def test_maven_deals(warehouse: Loaded, shared: Path) -> None:
    content = json.loads((shared / "data" / "expected.json").read_text(encoding="utf-8"))
    known, deals = content["maven_crm"], "staging.deals where source = 'sales_pipeline'"
    totals = known["totals"]
    assert one(
        warehouse,
        "select count(*), count(*) filter (is_won), count(*) filter (is_closed and not is_won),"
        " count(*) filter (stage = 'Engaging'), count(*) filter (stage = 'Prospecting' and day is null),"
        f" count(*) filter (customer_key = ''), sum(amount) filter (is_won) from {deals}",
    ) == tuple(
        totals[key] for key in ("opportunities", "won", "lost", "engaging", "prospecting", "blank_account", "won_value")
    )
    rates = one(
        warehouse,
        "select 100.0 * count(*) filter (is_won) / count(*) filter (is_closed),"
        " avg(amount) filter (is_won), avg(closed_day - day) filter (is_won), avg(closed_day - day)"
        f" filter (is_closed) from {deals}",
    )
    expected = [totals[key] for key in ("win_rate_pct", "avg_deal", "avg_cycle_won", "avg_cycle_closed")]
    assert list(rates) == pytest.approx(expected, rel=1e-6)
    groups = (
        ("year(closed_day) || '-Q' || quarter(closed_day)", "is_closed", known["by_quarter"], "q"),
        ("product", "true", known["by_product"], "product"),
        ("cast(cast(date_trunc('week', closed_day) as date) as varchar)", "is_closed", known["weekly_closed"], "week"),
    )
    for expression, condition, listed, key in groups:
        rows = warehouse[0].execute(
            f"select {expression}, count(*) filter (is_won), coalesce(sum(amount) filter (is_won), 0), count(*)"
            f" from {deals} and {condition} group by 1"
        )
        assert {name: (won, value, count) for name, won, value, count in rows.fetchall()} == {
            group[key]: (group["won"], group["value"], group.get("n", group["won"] + group.get("lost", 0)))
            for group in listed
        }


def metric_rows(
    warehouse: Loaded, metric_id: str, grain: Grain, dimension: str | None = None
) -> dict[tuple[Any, ...], tuple[Any, Any, Any]]:
    """Values of 2016 to 2018, by first day and member: numerator, denominator and value."""
    connection, _, installation = warehouse
    compiled = compile_metric(
        metric_id,
        installation.configuration,
        installation.project,
        grain,
        dimension,
        since=date(2016, 1, 1),
        until=date(2018, 12, 31),
    )
    return {
        (row["period_start"], row["member"]): (row["numerator"], row["denominator"], row["value"])
        for row in connection.sql(compiled.sql).to_arrow_table().to_pylist()
    }


def test_maven_deals_through_the_catalogue(warehouse: Loaded, shared: Path) -> None:
    known = json.loads((shared / "data" / "expected.json").read_text(encoding="utf-8"))["maven_crm"]
    totals, year = known["totals"], (date(2017, 1, 1), "total")
    for metric_id, value in (
        ("deals_won", totals["won"]),
        ("deals_lost", totals["lost"]),
        ("deal_win_rate", totals["win_rate_pct"]),
        ("avg_contract_value", totals["avg_deal"]),
        ("sales_cycle_length_mean", totals["avg_cycle_won"]),
    ):
        assert metric_rows(warehouse, metric_id, "year")[year][2] == pytest.approx(value, rel=1e-7), metric_id

    cycles = [
        (date.fromisoformat(row["close_date"]) - date.fromisoformat(row["engage_date"])).days
        for row in records(shared, "sales_pipeline")
        if row["deal_stage"] == "Won"
    ]
    assert metric_rows(warehouse, "sales_cycle_length", "year")[year][1:] == (totals["won"], median(cycles))

    grains: tuple[tuple[Grain, str, Callable[[str], date]], ...] = (
        ("quarter", "by_quarter", lambda text: date(int(text[:4]), 3 * int(text[-1]) - 2, 1)),
        ("week", "weekly_closed", date.fromisoformat),
    )
    for grain, key, first_day in grains:
        values, wins = (metric_rows(warehouse, name, grain) for name in ("avg_contract_value", "deal_win_rate"))
        for group in known[key]:
            start = first_day(group["q" if grain == "quarter" else "week"])
            assert values[start, "total"][:2] == (group["value"], group["won"])
            assert wins[start, "total"][:2] == (group["won"], group["won"] + group["lost"])

    by_product = metric_rows(warehouse, "avg_contract_value", "year", "product")
    assert {member: sums[:2] for (start, member), sums in by_product.items() if start == year[0]} == {
        group["product"]: (group["value"], group["won"]) for group in known["by_product"]
    }


def test_olist_reviews_through_the_catalogue(warehouse: Loaded, shared: Path) -> None:
    known = json.loads((shared / "data" / "expected.json").read_text(encoding="utf-8"))["olist_4k"]["reviews"]
    for metric_id, factor, value in (("csat", 100, known["csat_pct"]), ("csat_mean", 1, 2 * known["mean"])):
        sums = [
            row[:2]
            for (_, member), row in metric_rows(warehouse, metric_id, "year", "survey").items()
            if member == "reviews"
        ]
        numerator, denominator = (sum(column) for column in zip(*sums, strict=True))
        assert denominator == known["n"]
        assert float(factor * numerator / denominator) == pytest.approx(value, rel=1e-6)


def test_hubspot_tables_of_a_connector(warehouse: Loaded, shared: Path) -> None:
    for source, table, key, created in (
        ("hubspot_deal_data", "deals", "deal_id", "property_createdate"),
        ("hubspot_contact_data", "leads", "id", "property_createdate"),
        ("hubspot_ticket_data", "support_tickets", "id", "property_createdate"),
    ):
        identifier = {"deals": "deal_id", "leads": "lead_id", "support_tickets": "ticket_id"}[table]
        query = f"select {identifier}, created_at from staging.{table} where source = '{source}'"
        assert dict(warehouse[0].execute(query).fetchall()) == {
            row[key]: datetime.fromisoformat(row[created]) for row in records(shared, source)
        }
    query = "select count(*) filter (is_closed), count(amount) from staging.deals where source = 'hubspot_deal_data'"
    assert one(warehouse, query) == (0, 0)
    # 2021-02-16 20:31:05 to 2021-02-17 21:59:58 is a day, 1 hour, 28 minutes and 53 seconds.
    query = "select first_reply_minutes from staging.support_tickets where ticket_id = '307034542'"
    assert one(warehouse, query) == (pytest.approx(24 * 60 + 88 + 53 / 60),)


def test_zendesk_tickets_of_a_connector(warehouse: Loaded, shared: Path) -> None:
    rows = warehouse[0].execute(
        "select ticket_id, created_at, status from staging.support_tickets where source = 'zendesk_ticket_data'"
    )
    assert sorted(rows.fetchall()) == sorted(
        (row["id"], datetime.fromisoformat(row["created_at"]), row["status"])
        for row in records(shared, "zendesk_ticket_data")
        if row["status"] != "deleted"
    )


def test_klaviyo_events_and_people(warehouse: Loaded) -> None:
    for source in ("klaviyo_event", "klaviyo_event_norename"):
        rows = warehouse[0].execute(
            "select campaign_id, sent_at, recipients, opens_unique from staging.email_campaigns where source = ?",
            [source],
        )
        sent = datetime(2020, 4, 5, 20, 2, 45)
        assert sorted(rows.fetchall()) == [("LyZ7re", sent, 1, 0), ("ZZ7re", sent, 1, 0)]
    assert one(warehouse, "select count(*), min(length(customer_key)) from staging.customers") == (2, 32)


def test_social_posts_of_a_connector(warehouse: Loaded, shared: Path) -> None:
    def posts(source: str, *columns: str) -> dict[str, tuple[Any, ...]]:
        query = f"select post_id, {', '.join(columns)} from staging.social_posts where source = ?"
        return {row[0]: row[1:] for row in warehouse[0].execute(query, [source]).fetchall()}

    def newest(source: str, key: str, moment: str) -> dict[str, dict[str, str]]:
        return {row[key]: row for row in sorted(records(shared, source), key=lambda row: row[moment])}

    for source, key, moment, columns in (
        (
            "facebook_pages_lifetime_post_metrics_total_data",
            "post_id",
            "date",
            {"clicks": "post_clicks", "impressions": "post_impressions", "video_views": "post_video_views"},
        ),
        ("facebook_pages_post_history_data", "id", "updated_time", {"shares": "share_count"}),
        (
            "instagram_business_media_insights_data",
            "id",
            "id",
            {"reactions": "like_count", "comments": "comment_count"},
        ),
        (
            "linkedin_pages_share_statistic_data",
            "_share_entity_urn",
            "_fivetran_synced",
            {"clicks": "click_count", "impressions": "impression_count", "reactions": "like_count"},
        ),
        ("tweet", "id", "id", {"reactions": "favorite_count", "shares": "retweet_count"}),
        (
            "youtube_video_data",
            "id",
            "id",
            {"views": "statistics_view_count", "reactions": "statistics_like_count"},
        ),
    ):
        assert posts(source, *columns) == {
            post: tuple(int(row[name]) if row[name] else None for name in columns.values())
            for post, row in newest(source, key, moment).items()
        }
    media = posts("instagram_business_media_history_data", "published_at")
    assert media == {
        row["id"]: (datetime.fromisoformat(row["created_time"]),)
        for row in records(shared, "instagram_business_media_history_data")
    }


def test_social_profiles_of_a_connector(warehouse: Loaded) -> None:
    pages = warehouse[0].execute(
        "select day, followers, new_followers, impressions, engagements, profile_visits from staging.social_daily"
        " where source = 'facebook_pages_daily_page_metrics_total_data' order by day limit 2"
    )
    # The times in the file close the day before: 2020-04-05 07:00 and 2020-04-06 07:00.
    assert pages.fetchall() == [(date(2020, 4, 4), 256, 1, 7691, 28, 12), (date(2020, 4, 5), 257, 1, 8342, 43, 22)]
    query = "select count(*), sum(impressions) from staging.social_daily where source = 'organic_tweet_report'"
    assert one(warehouse, query) == (100, 0)
    query = "select followers from staging.social_daily where source = 'instagram_business_user_history_data'"
    assert one(warehouse, query) == (39,)


def test_samples_of_crm_exports(warehouse: Loaded) -> None:
    columns = "deal_id, stage, amount, currency, is_closed, is_won, product, proposal_sent_at, closed_day, day"
    hubspot = one(warehouse, f"select {columns} from staging.deals where source = 'fixture_deals_export'")
    proposed = datetime(2026, 9, 1, 7)  # 08:00 in London
    assert hubspot == (
        "7001",
        "Proposal",
        Decimal(15000),
        "GBP",
        False,
        False,
        "Horses;Greyhound",
        proposed,
        None,
        None,
    )
    salesforce = one(warehouse, f"select {columns} from staging.deals where source = 'fixture_report_footer'")
    assert salesforce[1:] == (
        "Closed Won",
        Decimal(12000),
        "EUR",
        True,
        True,
        "",
        None,
        date(2026, 9, 30),
        None,
    )


def test_samples_of_mailings_posts_and_answers(warehouse: Loaded) -> None:
    mailing = one(
        warehouse,
        "select campaign_id, sent_at, recipients, delivered, opens_unique, clicks_unique, revenue"
        " from staging.email_campaigns where source = 'campaigns_aggregated'",
    )
    assert mailing == ("17671f6028", datetime(2018, 6, 10, 1, 30), 110, 108, 30, 7, Decimal(0))
    rows = warehouse[0].execute(
        "select post_id, platform, day, views, reach, shares from staging.social_posts"
        " where source like 'fixture_%' order by post_id"
    )
    assert rows.fetchall() == [
        ("1789", "instagram", date(2026, 9, 15), 15000, 9800, 120),
        ("post-1", "facebook", date(2026, 9, 27), 1250, None, None),
        ("post-2", "facebook", date(2026, 9, 28), 200, None, None),
    ]
    answer = one(
        warehouse,
        "select score, comment, day, is_complete from staging.survey_responses where source = 'typeform_export'",
    )
    assert answer == (10.0, "testing form", date(2018, 4, 3), True)


def test_tables_of_a_connector_that_are_no_export_are_refused(shared: Path) -> None:
    """What a tool's own system says to other tables of the same tool: they are not what it reads."""
    settings = {
        HUBSPOT: {"system": "hubspot_contacts", "options": {"qualified_stages": "Customer"}},
        KLAVIYO: {"system": "mailchimp_campaigns"},
        SOCIAL: {"system": "meta_business_posts"},
        ZENDESK: {"system": "zendesk_tickets"},
    }
    for folder, yaml in settings.items():
        files = sorted((shared / folder).glob("*.csv"))
        assert files
        for path in files:
            refused = refusal(path, contract(**yaml, time_zone="UTC", final_line_break=False))
            assert "column" in refused.expected, path.name
            assert refused.line == 1, path.name

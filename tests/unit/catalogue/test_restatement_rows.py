from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from kpi_pipeline.analysis.restatement import PRECEDENCE
from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.catalogue.history.reported_value import ReportedValue
from kpi_pipeline.catalogue.history.restatement import Basis, Restatement
from kpi_pipeline.catalogue.history.restatement_rows import correction_rows, due_corrections, restatement_rows
from kpi_pipeline.catalogue.refresh import refresh_kpi_tables
from kpi_pipeline.catalogue.snapshots.snapshot_plan import snapshot_tables
from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Warehouse, configuration, goals, kpi, metric, week
from tests.unit.catalogue.publisher import NOW, Publisher, day, shop_configuration

CONFIG = configuration(
    {"sales": metric("gross_sales", unit="currency")}, goals=goals(), kpis={"sales": kpi("sales", "convert")}
)
MADE_AT = datetime(2026, 3, 1, 6)
CHANGE = Restatement(
    kpi_id="sales",
    week_start=week(0),
    audience="executive",
    from_snapshot="s1",
    to_snapshot="s2",
    from_published_at=MADE_AT,
    to_published_at=MADE_AT,
    old_value=610.0,
    new_value=640.0,
    old_null_reason=None,
    new_null_reason=None,
    cause="refund",
    basis="arrived",
    effect=30.0,
    was_sent=True,
    is_correction=True,
)


def told(**changes: Any) -> dict[str, Any]:
    return dict(next(restatement_rows([replace(CHANGE, **changes)], CONFIG)))


def test_row_tells_what_the_cause_accounts_for() -> None:
    row = told()
    assert row["finding_en"] == (
        "Refunds that were entered since account for +€30.00 of the change from €610.00 to €640.00."
    )
    assert "بازپرداخت" in row["finding_fa"]
    assert (row["cause"], row["effect"], row["was_sent"], row["is_correction"]) == ("refund", 30.0, True, True)


@pytest.mark.parametrize(
    ("cause", "basis"),
    [*((cause, "arrived") for cause in PRECEDENCE), *(("definition", basis) for basis in get_args(Basis))],
)
def test_everything_can_be_told_in_both_languages(cause: str, basis: str) -> None:
    came = {"old_value": None, "old_null_reason": "source_missing", "effect": None}
    went = {"new_value": None, "new_null_reason": "missing_rate", "effect": None}
    for changes in ({}, came, went):
        row = told(cause=cause, basis=basis, **changes)
        for language in ("en", "fa"):
            text = row[f"finding_{language}"]
            assert text
            assert "{" not in text
            # No cause in the world is claimed, and nothing internal is named.
            assert not {"because", "sales", "orders"} & set(text.lower().split())


def test_amounts_are_told_in_the_unit_that_reports_show_them_in() -> None:
    company = CONFIG.company.model_copy(update={"reporting_currency": "IRR", "money_shown_in": "toman"})
    rial = replace(CONFIG, company=company)
    row = dict(next(restatement_rows([CHANGE], rial)))
    assert str(row["finding_en"]).endswith("account for +3.00 toman of the change from 61.00 toman to 64.00 toman.")
    note = dict(next(correction_rows({reported(100.0).place: reported(100.0)}, [reported(150.0)], rial)))
    assert (note["expected"], note["found"]) == ("10.00 toman", "15.00 toman")


def test_value_that_came_says_why_there_was_none() -> None:
    row = told(cause="late_data", old_value=None, old_null_reason="source_missing", effect=None)
    assert row["finding_en"] == (
        "This week had no value (no data from its source) and has €640.00 now:"
        " data arrived that was missing or still provisional."
    )


def test_kpi_that_is_no_more_keeps_its_numbers() -> None:
    row = told(kpi_id="gone")
    assert (row["old_value"], row["new_value"]) == (610.0, 640.0)
    assert "finding_en" not in row


def reported(value: float | None, **changes: Any) -> ReportedValue:
    one = ReportedValue("sales", week(0), "executive", value, None, "final", "s1", MADE_AT, "abc", 3)
    return replace(one, **changes)


@pytest.mark.parametrize(
    ("shown", "now", "notes"),
    [
        (reported(100.0), reported(101.0), 0),
        (reported(100.0), reported(101.1), 1),
        (reported(100.0), reported(None, null_reason="missing_rate"), 1),
        (reported(100.0, data_age_days=-2), reported(150.0), 0),
        (reported(100.0, week_start=week(1)), reported(150.0), 0),
    ],
)
def test_report_whose_value_moved_too_far_is_to_be_issued_again(
    shown: ReportedValue, now: ReportedValue, notes: int
) -> None:
    rows = list(correction_rows({shown.place: shown}, [now], CONFIG))
    assert len(rows) == notes
    for row in rows:
        assert (row["kind"], row["metric_id"], row["severity"]) == ("correction_due", "sales", "warning")
        assert (row["first_day"], row["last_day"]) == (week(0), week(1) - timedelta(days=1))
        assert "shows €100.00 for sales" in str(row["message"])


def test_whole_run_writes_the_rows_and_warns_the_team_alone(
    warehouse: Warehouse,
    project: SqlProject,
    custody: CustodyLedger,
    publications: PublicationLedger,
    sources: dict[str, Source],
) -> None:
    config = shop_configuration(sources)
    shop = Publisher(warehouse, project, publications, config)

    def run(name: str) -> None:
        shop.fill(week(1))
        refresh_kpi_tables(
            warehouse.engine,
            config,
            project,
            as_of=week(1),
            snapshot_id=name,
            published_at=datetime(2026, 3, 1, int(name[1:]), tzinfo=UTC),
            custody=custody,
            publications=publications,
        )
        publications.settle(name)

    shop.deliver_everything()
    run("s1")
    publications.enter_issue("s1", week(0), "executive", NOW)
    shop.sales[day(0)] = 140  # type: ignore[assignment]
    shop.deliver("orders", day(0))
    run("s2")

    rows = warehouse.rows("select cause, effect, was_sent, is_correction, finding_fa from kpi.restatements")
    assert [(row["cause"], row["effect"], row["was_sent"], row["is_correction"]) for row in rows] == [
        ("source_correction", 40.0, True, True)
    ]
    assert rows[0]["finding_fa"]
    assert due_corrections(warehouse.engine) == [
        "the executive report of the week from 2026-01-05 shows €610.00 for sales; it is €650.00 now: issue the report"
        " again"
    ]
    executive = {table.name: table.query for table in snapshot_tables(config, project)["executive"]}
    assert warehouse.rows(f"select kind from ({executive['kpi.quality']}) where kind = 'correction_due'") == []
    assert len(warehouse.rows(executive["kpi.restatements"])) == 1
    publications.enter_issue("s2", week(0), "executive", NOW)
    assert publications.sent()["sales", week(0), "executive"].value == 650.0

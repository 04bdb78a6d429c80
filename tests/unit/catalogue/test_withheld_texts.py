"""Which texts name an internal KPI: by the database, which withholds them, and by the warning beforehand."""

from pathlib import Path

import pytest

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.exposure.withheld_texts import holds_words, naming_texts, without_internal_names
from kpi_pipeline.catalogue.snapshots.snapshot_plan import snapshot_tables
from kpi_pipeline.config.model import Text
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.snapshot_file import PublishedTable
from tests.unit.catalogue.hand_made import configuration, goals, kpi, metric
from tests.unit.catalogue.leak_search import open_publisher

# Codes, ids and hashes: chosen from lists, or made by the program; ids of what executives know anyway.
CODES = {
    *(
        "action",
        "approved_by",
        "audience",
        "class",
        "code",
        "currency",
        "default_audience",
        "definition_hash",
        "department",
    ),
    *(
        "dimension",
        "direction",
        "edge_rules",
        "evidence",
        "evidence_state",
        "feasibility",
        "form",
        "function",
        "grain",
        "guardrails",
    ),
    *("kind", "kpi_id", "kpi_ids", "letter", "level", "meaning_hash", "metric_id", "month_calendar"),
    *("null_reason", "objective_chain", "objective_id", "owner", "pace_status", "parent", "path", "profiles"),
    *("property", "question_id", "reporting_currency", "scope", "severity", "sha256", "snapshot_id", "status"),
    *("success_factor_id", "time_zone", "unit", "verdict", "week_start", "batch_id"),
    *("topic", "first_status", "money_shown_in"),
    *("method", "rule", "cause", "from_snapshot", "to_snapshot"),
}
CONFIG = configuration(
    {
        "ctr": metric("ad_clicks / ad_impressions", name=Text(en="Click-through rate", fa="نرخ کلیک")),
        "ctr_net": metric("orders / sessions", name=Text(en="Click-through rate (net)", fa="نرخ کلیک خالص")),
        "aov": metric("gross_sales / orders", name=Text(en="Order value", fa="ارزش سفارش")),
        "value": metric("discounts", name=Text(en="Order value", fa="ارزش سفارش")),
    },
    goals=goals(),
    kpis={
        "clicks": kpi("ctr", "tune_ads"),
        "net": kpi("ctr_net", "convert"),
        "aov": kpi("aov", "grow"),
        "value": kpi("value", "tune_ads"),
    },
)


@pytest.mark.parametrize(
    ("text", "is_withheld"),
    [
        ("more clicks", True),
        ("More CLICKS!", True),
        ("the click-through rate", True),
        ("Click  through\nRate, again", True),
        ("see `ctr`", True),
        ("نرخ کلیک", True),
        ("«نرخ کلیک»‌ها", True),
        ("Click-through rate (net)", False),
        ("the click-through rate (net) of ctr_net", False),
        ("click-through rate (net), not click-through rate", True),
        ("نرخ کلیک خالص", False),
        ("clicksome", False),
        ("my_clicks", False),
        ("one click", False),
        # Executives know their own number by this name.
        ("Order value", False),
        ("–", False),
    ],
)
def test_texts_are_searched_for_names_of_internal_kpis(text: str, is_withheld: bool) -> None:
    table = PublishedTable("kpi.t", f"select 1 as kpi_id, '{text}' as why_en", "", {"kpi_id": "", "why_en": ""})
    (searched,) = without_internal_names([table], Audiences(CONFIG))
    engine = DuckDbEngine(Path(":memory:"))
    found = engine.read(searched.query).to_pylist()
    engine.close()
    assert found == [{"kpi_id": 1, "why_en": None if is_withheld else text}]

    whole = CONFIG.kpis | {"aov": kpi("aov", "grow", why=Text(en=text, fa="چون مهم است"))}
    named = naming_texts(Audiences(configuration(CONFIG.metrics, goals=goals(), kpis=whole)))
    assert [(each.section, each.entry_id, each.field) for each in named] == (
        [("kpis", "aov", "why")] if is_withheld else []
    )


def test_without_internal_kpis_nothing_is_searched() -> None:
    config = configuration(CONFIG.metrics, goals=goals(), kpis={"aov": kpi("aov", "grow")})
    table = PublishedTable("kpi.t", "select 1 as why_en", "", {"why_en": ""})
    assert list(without_internal_names([table], Audiences(config))) == [table]


def test_every_column_of_text_for_executives_is_words_or_a_code(tmp_path: Path) -> None:
    """A new column makes somebody decide whether anything could be named in it."""
    undecided = set()
    with open_publisher(tmp_path) as publisher:
        config = configuration({"calls": metric("calls")}, goals=goals(), kpis={"calls": kpi("calls", "grow")})
        publisher.refresh(config, "publications")
        for table in snapshot_tables(config, publisher.project)["executive"]:
            for row in publisher.warehouse.rows(f"describe {table.query}"):
                name = row["column_name"]
                is_text = row["column_type"] == "VARCHAR" and f"cast(null as varchar) as {name}" not in table.query
                if is_text and not holds_words(name) and name not in CODES | {"company_name_en", "company_name_fa"}:
                    undecided.add((table.name, name))
    assert undecided == set()
    assert all(not holds_words(name) for name in CODES)

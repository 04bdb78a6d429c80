"""Small snapshot files written by hand, with the published tables and columns."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.catalogue.tables import row_tables

WEEK = date(2026, 11, 9)
ONE_WEEK = timedelta(weeks=1)

COLUMNS: dict[str, dict[str, str]] = {
    "snapshot": {**row_tables.SNAPSHOT, "audience": "varchar"},
    "weekly": {**row_tables.WEEKLY, "numerator": "double", "denominator": "double"},
    "values": {
        "metric_id": "varchar",
        "grain": "varchar",
        "period_start": "date",
        "period_end": "date",
        "dimension": "varchar",
        "member": "varchar",
        "numerator": "double",
        "denominator": "double",
        "value": "double",
        "null_reason": "varchar",
        "status": "varchar",
        "currency": "varchar",
        "snapshot_id": "varchar",
    },
    "catalogue": row_tables.CATALOGUE,
    "objectives": row_tables.OBJECTIVES,
    "answers": row_tables.ANSWERS,
    "success_factors": row_tables.SUCCESS_FACTORS,
    "smart": row_tables.SMART,
    "scores": row_tables.SCORES,
    "owners": row_tables.OWNERS,
    "efficiency": row_tables.EFFICIENCY,
    "lineage": {
        "metric_id": "varchar",
        "source": "varchar",
        "batch_id": "varchar",
        "file_name": "varchar",
        "sha256": "varchar",
        "exported_at": "timestamp",
        "first_day": "date",
        "last_day": "date",
        "rows_loaded": "bigint",
    },
    "quality": row_tables.QUALITY,
    "contributions": row_tables.CONTRIBUTIONS,
    "anomalies": row_tables.ANOMALIES,
    "relations": row_tables.RELATIONS,
    "restatements": row_tables.RESTATEMENTS,
    "reported": row_tables.REPORTED,
}


@dataclass
class SnapshotMaker:
    """Rows of one snapshot; missing columns are NULL."""

    path: Path
    audience: str
    rows: dict[str, list[dict[str, object]]] = field(default_factory=lambda: {table: [] for table in COLUMNS})

    def add(self, table: str, **row: object) -> None:
        self.rows[table].append(row)

    def add_snapshot(self, **changes: object) -> None:
        row: dict[str, object] = {
            "snapshot_id": "20261118-0123456789ab",
            "as_of": date(2026, 11, 18),
            "published_at": datetime(2026, 11, 18, 6),
            "audience": self.audience,
            "company_name_en": "Nordlicht Home",
            "company_name_fa": "خانهٔ نورد‌لیخت",
            "reporting_currency": "EUR",
            "money_shown_in": "EUR",
            "week_start": "monday",
            "month_calendar": "gregorian",
            "time_zone": "Europe/Berlin",
        }
        self.add("snapshot", **{**row, **changes})

    def add_objectives(self) -> None:
        grow = {"statement_en": "Grow profitably", "statement_fa": "رشد سودآور"}
        why = {"why_en": "Growth pays for the new warehouse.", "why_fa": "رشد هزینهٔ انبار تازه را می‌دهد."}
        self.add("objectives", objective_id="grow", level="business", position=1, **grow, **why)
        buy = {"statement_en": "Make buying easy", "statement_fa": "آسان کردن خرید"}
        buy_why = {"why_en": "Easy buying turns visits into orders.", "why_fa": "خرید آسان بازدید را به سفارش می‌رساند."}
        self.add("objectives", objective_id="buy", level="external", parent="grow", position=2, **buy, **buy_why)
        if self.audience == "internal":
            ads = {"statement_en": "Ads that people click", "statement_fa": "تبلیغی که کلیک می‌شود"}
            ads_why = {
                "why_en": "Clicks cost less when ads are relevant.",
                "why_fa": "تبلیغ مرتبط، کلیک ارزان‌تر می‌آورد.",
            }
            self.add("objectives", objective_id="ads", level="internal", parent="buy", position=3, **ads, **ads_why)

    def add_kpi(self, kpi_id: str, *, values: list[float | None] | None = None, **changes: object) -> None:
        """Add a KPI with its catalogue row and one weekly row per value, the last one for ``WEEK``."""
        values = [5.0, 5.5] if values is None else values
        known = {
            "name_en": kpi_id.replace("_", " ").capitalize(),
            "name_fa": f"شاخص {kpi_id}",
            "unit": "percent",
            "direction": "higher_better",
            "objective_id": "buy",
            "audience": "executive",
            "decimals": 2,
            "owner": "cmo",
            "owner_name_en": "Mara Lind",
            "owner_name_fa": "مارا لیند",
            **changes,
        }
        catalogue, weekly = COLUMNS["catalogue"], COLUMNS["weekly"]
        metric = {"metric_id": kpi_id, "kpi_id": kpi_id, **known}
        self.add("catalogue", **{name: value for name, value in metric.items() if name in catalogue})
        for index, value in enumerate(values):
            week = WEEK - (len(values) - 1 - index) * ONE_WEEK
            before = values[index - 1] if index else None
            row: dict[str, object] = {
                "week_start": week,
                "week_end": week + timedelta(days=6),
                "kpi_id": kpi_id,
                "value": value,
                "previous_value": before,
                "change": None if value is None or before is None else value - before,
                "status": "final",
                "baseline": 5.0,
                "target": 7.0,
                "deadline": date(2026, 12, 20),
                "pace_status": "on_track",
            }
            latest = known if week == WEEK else {**known, "pace_status": known.get("pace_before", "on_track")}
            self.add("weekly", **{name: value for name, value in {**row, **latest}.items() if name in weekly})

    def add_answer(self, kpi_id: str, **changes: object) -> None:
        row: dict[str, object] = {
            "question_id": "q",
            "objective_id": "buy",
            "kind": "how",
            "question_en": "How does buying get easier?",
            "question_fa": "چگونه خرید آسان‌تر می‌شود؟",
            "kpi_id": kpi_id,
            "week_start": WEEK,
            "answer_en": "By two tasks.",
            "answer_fa": "با دو کار.",
            "audience": self.audience,
        }
        self.add("answers", **{**row, **changes})

    def add_value(self, metric_id: str, value: float | None, **changes: object) -> None:
        row: dict[str, object] = {
            "metric_id": metric_id,
            "grain": "week",
            "period_start": WEEK,
            "dimension": "total",
            "value": value,
            "status": "final",
        }
        self.add("values", **{**row, **changes})

    def write(self) -> Path:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(self.path)) as connection:
            names = {table: f'kpi."{table}"' for table in COLUMNS} | {"weekly": f"kpi.weekly_{self.audience}"}
            tables = [
                f"create table {names[table]} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
                for table, columns in COLUMNS.items()
            ]
            connection.execute("; ".join(["create schema kpi", "begin", *tables]))
            for table, rows in self.rows.items():
                for row in rows:
                    places = ", ".join(f"${key}" for key in row)
                    connection.execute(f"insert into {names[table]} ({', '.join(row)}) values ({places})", row)
            connection.execute("commit")
        return self.path


@pytest.fixture
def new_snapshot(tmp_path: Path) -> Callable[..., SnapshotMaker]:
    """Start a snapshot file of an audience that holds the company and its objectives."""

    def start(audience: str = "executive", **snapshot: object) -> SnapshotMaker:
        path = tmp_path / "published" / audience / f"{audience}-{len(list(tmp_path.rglob('*.duckdb')))}.duckdb"
        maker = SnapshotMaker(path, audience)
        maker.add_snapshot(**snapshot)
        maker.add_objectives()
        return maker

    return start

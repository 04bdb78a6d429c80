"""A small company that delivers: snapshots written by hand, its configuration, and a clock that can be moved."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from kpi_pipeline.catalogue.tables.row_tables import RESTATEMENTS
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.delivery import Delivery, Owner, Recipient, Smtp
from kpi_pipeline.config.model import Text
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.report import Audience, Report
from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.delivery.deliver import deliver_reports
from kpi_pipeline.delivery.delivery_ledger import DeliveryLedger, Entry
from kpi_pipeline.delivery.delivery_round import Delivered, Post
from kpi_pipeline.delivery.senders import Senders
from kpi_pipeline.sources.api.pacing import Pacing
from tests.unit.catalogue.hand_made import configuration, goals, kpi, metric
from tests.unit.reports.conftest import WEEK, SnapshotMaker

NOW = datetime(2026, 11, 18, 8, tzinfo=UTC)
PASSWORD = "correct horse"
REPORTS = {
    "scorecard": Report(
        audience="executive", title=Text(en="For the management", fa="ویژهٔ مدیران"), languages=("en", "fa")
    ),
    "team": Report(audience="internal", title=Text(en="For the team", fa="ویژهٔ همکاران"), languages=("en", "fa")),
}


def reader(to: str, report: str = "scorecard", **changes: Any) -> Recipient:
    return Recipient(**{"report": report, "channel": "mail", "to": to, "language": "en", **changes})


def smtp(port: int = 25, **changes: Any) -> Smtp:
    known: dict[str, Any] = {
        "host": "localhost",
        "port": port,
        "user": "reports@shop.test",
        "sender": "reports@shop.test",
    }
    return Smtp(**{**known, **changes})


@dataclass
class MovingClock:
    """A clock that stands until it is moved."""

    instant: datetime = NOW

    def now(self) -> datetime:
        return self.instant

    def move(self, by: timedelta) -> None:
        self.instant += by


@dataclass
class Office:
    """An installation that can publish and deliver.

    Attributes:
        waits: how long was waited between tries, in seconds.
    """

    data: Path
    delivery: Delivery
    environment: Mapping[str, str] = field(default_factory=lambda: {"KPI_SMTP_PASSWORD": PASSWORD})
    clock: MovingClock = field(default_factory=MovingClock)
    waits: list[float] = field(default_factory=list)

    @property
    def paths(self) -> Paths:
        return Paths(config=self.data, sql=self.data, data=self.data)

    @property
    def configuration(self) -> Configuration:
        made = configuration(
            {
                "conversion": metric("orders / sessions", name=Text(en="Conversion", fa="نرخ تبدیل")),
                "ctr": metric("ad_clicks / ad_impressions", name=Text(en="Click-through rate", fa="نرخ کلیک")),
            },
            goals=goals(),
            kpis={"conversion_kpi": kpi("conversion", "convert"), "clicks_kpi": kpi("ctr", "tune_ads")},
        )
        return replace(made, reports=REPORTS, delivery=self.delivery)

    @property
    def post(self) -> Post:
        secrets = Secrets(self.environment)
        senders = Senders(self.delivery, secrets, self.clock.now, self.data)
        pacing = Pacing(sleep=self.waits.append, elapsed=lambda: 0.0, jitter=lambda: 0.0)
        return Post(self.configuration, self.paths, self.clock, senders, pacing)

    def deliver(self, **options: Any) -> list[Delivered]:
        return deliver_reports(self.post, week=WEEK, **options)

    def states(self, **options: Any) -> dict[str, str]:
        return {one.recipient: one.state for one in self.deliver(**options)}

    def ledger(self) -> list[Entry]:
        with DeliveryLedger(self.paths.delivery_ledger) as ledger:
            return ledger.entries()

    def change(self, **changes: Any) -> None:
        self.delivery = self.delivery.model_copy(update=changes)

    def publish(
        self,
        name: str = "20261118-first",
        *,
        audiences: tuple[Audience, ...] = ("executive",),
        quality: Mapping[str, Any] | None = None,
        published_at: datetime = datetime(2026, 11, 18, 6),
        corrections: tuple[Mapping[str, Any], ...] = (),
        kpi: Mapping[str, Any] | None = None,
        **snapshot: Any,
    ) -> None:
        """Publish a snapshot for an audience, or several, and make it the current one."""
        facts = (quality, published_at, corrections, kpi, snapshot)
        for audience in audiences:
            folder = self.data / "published" / audience
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{name}.duckdb"
            path.symlink_to(snapshot_file(audience, name, *facts))
            link = self.data / "published" / f"{audience}.duckdb"
            link.unlink(missing_ok=True)
            link.symlink_to(path)


# Snapshots never change, so that all offices can share those that say the same.
_WRITTEN: dict[str, Path] = {}


@cache
def _shelf() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory()


def snapshot_file(
    audience: Audience,
    name: str,
    quality: Mapping[str, Any] | None,
    published_at: datetime,
    corrections: tuple[Mapping[str, Any], ...],
    kpi: Mapping[str, Any] | None,
    snapshot: Mapping[str, Any],
) -> Path:
    """Return a snapshot with these facts, written by hand once."""
    key = repr((audience, name, quality, published_at, corrections, kpi, snapshot))
    if key not in _WRITTEN:
        path = Path(_shelf().name) / f"{len(_WRITTEN)}" / f"{name}.duckdb"
        maker = SnapshotMaker(path, audience)
        maker.add_snapshot(snapshot_id=name, published_at=published_at, **snapshot)
        maker.add_objectives()
        maker.add_kpi("conversion", **(kpi or {}))
        if quality is not None:
            maker.add("quality", **{"metric_id": "conversion", "source": "shop", **quality})
        maker.write()
        add_restatements(path, audience, corrections)
        _WRITTEN[key] = path
    return _WRITTEN[key]


def add_restatements(path: Path, audience: str, rows: tuple[Mapping[str, Any], ...]) -> None:
    with duckdb.connect(str(path)) as connection:
        columns = ", ".join(f"{name} {kind}" for name, kind in RESTATEMENTS.items())
        connection.execute(f"create table if not exists kpi.restatements ({columns})")
        for row in rows:
            known = {"kpi_id": "conversion", "week_start": WEEK, "audience": audience, "is_correction": True, **row}
            places = ", ".join(f"${name}" for name in known)
            connection.execute(f"insert into kpi.restatements ({', '.join(known)}) values ({places})", known)


def small_delivery(**changes: Any) -> Delivery:
    known: dict[str, Any] = {
        "enabled": True,
        "smtp": smtp(),
        "owner": Owner(address="owner@shop.test"),
        "recipients": (reader("ceo@shop.test"),),
    }
    return Delivery(**{**known, **changes})

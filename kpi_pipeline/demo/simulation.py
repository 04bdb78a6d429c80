"""The simulation of the demo company: day after day, from ads to refunds, into export files and a table of true values.

Here: the order in which a day happens. What happens in a step belongs to its own module. Arguments of the command line
do not belong here.
"""

import json
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from kpi_pipeline.demo import company
from kpi_pipeline.demo.advertising import ad_units, draw_ad_day
from kpi_pipeline.demo.bookkeeping import fixed_postings, sales_postings
from kpi_pipeline.demo.customers import Customers
from kpi_pipeline.demo.events import Events, joined
from kpi_pipeline.demo.exchange import draw_rates
from kpi_pipeline.demo.exports.writer import ExportWriter
from kpi_pipeline.demo.orders import OrderBook
from kpi_pipeline.demo.tally import Tally
from kpi_pipeline.demo.timeline import Timeline, draw_timeline
from kpi_pipeline.demo.traffic import draw_arrivals
from kpi_pipeline.demo.truth import planted, true_values
from kpi_pipeline.demo.visits import Visitors
from kpi_pipeline.errors import DemoError

EXPORTS_FOLDER = "exports"
TRUTH_FILE = "truth.json"
DEFAULT_LAST_DAY = date(2026, 11, 15)


@dataclass(frozen=True)
class DemoSummary:
    """What was simulated.

    Attributes:
        arrival_days: the days on which exports arrive; a run as of each of them reads what has arrived until then.
        files: how many export files there are.
    """

    directory: Path
    truth: Path
    first_day: date
    last_day: date
    arrival_days: tuple[date, ...]
    sessions: int
    orders: int
    customers: int
    files: int


def simulated(
    directory: Path, *, weeks: int = 30, scale: float = 1.0, seed: int = 1, last_day: date = DEFAULT_LAST_DAY
) -> DemoSummary:
    """Return what ``simulate`` with these arguments wrote below ``directory`` before, or write it now."""
    truth = directory / TRUTH_FILE
    if truth.is_file():
        content = json.loads(truth.read_text(encoding="utf-8"))
        if content["parameters"] == _parameters(weeks, scale, seed, last_day):
            return DemoSummary(
                directory=directory,
                truth=truth,
                first_day=date.fromisoformat(content["first_day"]),
                last_day=date.fromisoformat(content["last_day"]),
                arrival_days=tuple(date.fromisoformat(day) for day in content["arrival_days"]),
                **content["counts"],
            )
    return simulate(directory, weeks=weeks, scale=scale, seed=seed, last_day=last_day)


def _parameters(weeks: int, scale: float, seed: int, last_day: date) -> dict[str, object]:
    return {"weeks": weeks, "scale": scale, "seed": seed, "last_day": last_day.isoformat()}


def simulate(
    directory: Path, *, weeks: int = 30, scale: float = 1.0, seed: int = 1, last_day: date = DEFAULT_LAST_DAY
) -> DemoSummary:
    """Write the demo company's exports and its true values below ``directory``; earlier ones there are replaced.

    The same arguments give the same bytes.

    Args:
        directory: where to write.
        weeks: how many weeks of history end with that of ``last_day``; of 30, ads are final in 25, enough to tell what
            they lead to.
        scale: 1 means about 8,000 sessions and 260 orders a week.
        seed: of all random draws.
        last_day: the last day of the history.

    Raises:
        DemoError: there are fewer than three weeks, or the scale is not positive.
    """
    if scale <= 0:
        raise DemoError(f"The demo company's scale must be greater than 0, found {scale}; 1 is a small shop")
    rng = np.random.Generator(np.random.PCG64(seed))
    timeline = draw_timeline(rng, weeks=weeks, last_day=last_day)
    truth, exports = directory / TRUTH_FILE, directory / EXPORTS_FOLDER
    truth.unlink(missing_ok=True)
    shutil.rmtree(exports, ignore_errors=True)
    exports.mkdir(parents=True)
    tally, faults = _run(rng, timeline, exports, scale)
    counts = {
        "sessions": tally.sessions,
        "orders": tally.orders,
        "customers": tally.customers.count,
        "files": sum(path.is_file() for path in exports.rglob("*")),
    }
    content = {
        "company": company.NAME,
        "reporting_currency": company.REPORTING_CURRENCY,
        "parameters": _parameters(weeks, scale, seed, last_day),
        "counts": counts,
        "first_day": timeline.first_day.isoformat(),
        "last_day": timeline.last_day.isoformat(),
        "arrival_days": [day.isoformat() for day in timeline.arrival_days],
        "planted": planted(timeline),
        "faults": faults,
        "values": list(true_values(tally, timeline)),
    }
    truth.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8", newline="")
    return DemoSummary(
        directory=directory,
        truth=truth,
        first_day=timeline.first_day,
        last_day=timeline.last_day,
        arrival_days=timeline.arrival_days,
        **counts,
    )


def _run(rng: np.random.Generator, timeline: Timeline, exports: Path, scale: float) -> tuple[Tally, dict[str, object]]:
    rates, units, customers = draw_rates(rng, timeline), ad_units(), Customers()
    visitors, book = Visitors(), OrderBook(customers, scale)
    tally = Tally(timeline, rates, units, customers)
    postings = list(fixed_postings(timeline, scale))
    after_midnight: list[Events] = []
    with ExportWriter(exports, timeline, units, rates) as writer:
        for index in range(timeline.days):
            plan = timeline.plan(index)
            ads = draw_ad_day(rng, units, plan, scale)
            returning = customers.returning_on(index)
            arrivals = draw_arrivals(
                rng,
                plan,
                units=units,
                ads=ads,
                returning=returning,
                returning_country=customers.country[returning],
                scale=scale,
            )
            visits = visitors.draw_day(rng, plan, arrivals)
            customers.try_again(rng, visits.turned_away, index)
            happening = joined([*after_midnight, visits.events, book.unseen_orders(rng, plan)]).in_order()
            is_today = happening.at < plan.end_at
            today, after_midnight = happening.take(is_today), [happening.take(~is_today)]
            orders = book.place(rng, plan, today.take(today.is_purchase))
            tally.add_ads(plan, ads)
            tally.add_visits(plan, visits)
            tally.add_orders(plan, orders)
            writer.write_day(plan, ads, visits, today, orders)
        postings.extend(sales_postings(timeline, tally.goods_cents, tally.sales_cents))
        tally.add_costs(postings)
        faults = writer.finish(postings)
    return tally, faults

"""How often what is planted in the demo company's ads is found, and how often its decoy is seen through.

Here: the demo company under many seeds, its true weekly values put through the very functions that judge KPIs. What is
planted stands in ``kpi_pipeline.demo.timeline`` and in each ``truth.json``.
"""

import json
import math
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.tables import Table
from kpi_pipeline.analysis.lag_scan import scan_lags
from kpi_pipeline.analysis.relation import Relation, relate
from kpi_pipeline.analysis.relation_verdict import CONFIRMING
from kpi_pipeline.demo.simulation import simulate

SEEDS = range(1, 21)
LONGEST_RESTATEMENT = timedelta(days=30)  # of ads; the weeks before are final on the day after the last one
TREND_FROM = 0.8

Truth = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """What becomes of a relation that is declared as it is planted.

    Attributes:
        best_lag: the lag at which the changes correlate most.
    """

    relation: Relation
    declared_lag: int
    sign: int
    best_lag: int

    @property
    def r(self) -> float:
        """The correlation of the changes."""
        assert self.relation.correlation is not None
        return self.relation.correlation.r

    @property
    def is_found(self) -> bool:
        """Whether it is confirmed, and its lag is the one that fits best among all."""
        return self.relation.verdict in CONFIRMING and self.best_lag == self.declared_lag

    @property
    def is_seen_through(self) -> bool:
        """Whether there is no evidence although the series themselves correlate as expected."""
        level = self.relation.level_correlation
        return self.relation.verdict == "no_evidence" and level is not None and level * self.sign > TREND_FROM


def judge(truth: Truth, planted: Mapping[str, Any]) -> Judged:
    """Judge one entry of ``planted`` by the true values of the weeks that are final at the end."""
    cause = _weeks(truth, planted["cause"], {})
    effect = _weeks(truth, planted["effect"], planted.get("members", {}))
    best = max(scan_lags(cause, effect), key=lambda one: abs(one.correlation.r))
    relation = relate(cause, effect, lag_weeks=planted["lag_weeks"], expected_sign=planted["sign"])
    return Judged(relation, planted["lag_weeks"], planted["sign"], best.lag_weeks)


def tables() -> list[Table]:
    """Return the table; takes a minute."""
    with tempfile.TemporaryDirectory() as folder:
        truths = [json.loads(simulate(Path(folder), seed=seed).truth.read_text(encoding="utf-8")) for seed in SEEDS]
    planted = truths[0]["planted"]
    drivers = [
        (_named(driver), [judge(truth, truth["planted"]["drivers"][position]) for truth in truths])
        for position, driver in enumerate(planted["drivers"])
    ]
    decoy = [judge(truth, truth["planted"]["decoy"]) for truth in truths]
    return [
        Table(
            question="Is what is planted in the demo company found?",
            lead=(
                f"Seeds {SEEDS[0]} to {SEEDS[-1]}. Aim: in at least 18 of them the drivers are confirmed and fit best"
                f" at their own lag, and the decoy, whose series correlate beyond {TREND_FROM} because"
                " both have a trend, gets `no_evidence`."
            ),
            columns=("", "as aimed at", "pairs", "median r of changes", "of the series themselves", "verdicts"),
            rows=(
                *(_row(name, found, sum(one.is_found for one in found)) for name, found in drivers),
                _row(f"decoy: {_named(planted['decoy'])}", decoy, sum(one.is_seen_through for one in decoy)),
            ),
        )
    ]


def _row(name: str, found: Sequence[Judged], as_aimed_at: int) -> tuple[str, ...]:
    verdicts = Counter(one.relation.verdict for one in found)
    return (
        name,
        f"{as_aimed_at} of {len(found)}",
        str(found[0].relation.pairs),
        f"{median(one.r for one in found):.2f}",
        f"{median(one.relation.level_correlation or 0.0 for one in found):.2f}",
        ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common()),
    )


def _named(planted: Mapping[str, Any]) -> str:
    where = "".join(f" ({', '.join(names)})" for names in planted.get("members", {}).values())
    return f"`{planted['cause']}` → `{planted['effect']}`{where}, lag {planted['lag_weeks']}"


def _weeks(truth: Truth, metric_id: str, members: Mapping[str, Sequence[str]]) -> list[float]:
    """The final weeks of a metric on the scale on which the product compares its changes."""
    last = date.fromisoformat(truth["last_day"]) - LONGEST_RESTATEMENT
    ((dimension, wanted),) = (members or {"total": ["total"]}).items()
    sums: dict[str, tuple[float, float]] = {}
    for entry in truth["values"]:
        is_wanted = (entry["metric_id"], entry["dimension"]) == (metric_id, dimension) and entry["member"] in wanted
        if is_wanted and date.fromisoformat(entry["week_end"]) <= last:
            numerator, denominator = sums.get(entry["week_start"], (0.0, 0.0))
            sums[entry["week_start"]] = (
                numerator + float(entry["numerator"]),
                denominator + float(entry["denominator"] or 0),
            )
    return [_scaled(metric_id, *sides) for sides in sums.values()]


def _scaled(metric_id: str, numerator: float, denominator: float) -> float:
    if not denominator:
        return math.log(numerator)
    is_proportion = metric_id.endswith("_rate") or metric_id.startswith("ctr_")
    return math.log((numerator + 0.5) / (denominator - numerator + 0.5) if is_proportion else numerator / denominator)

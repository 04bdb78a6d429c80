"""Random configurations that try to show executives an internal KPI, and the measures behind them.

Here: trees of objectives, metrics of which some are others in disguise, sides or factors of others, names and ids that
hold each other, members that are called like them, reports that ask for every split, and texts that tell what nobody
should. Whether anything leaks is found out in
``test_internal_kpis_stay_internal``.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.goals import Criterion, Goals, Objective, Owner, Question, SuccessFactor
from kpi_pipeline.config.kpi import Action, Baseline, Kpi, SuccessRule, Target
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Text
from kpi_pipeline.config.report import Report
from tests.unit.catalogue.hand_made import configuration, kpi, metric, week
from tests.unit.catalogue.random_formulas import (
    SUMS,
    Tree,
    disguised,
    is_arithmetic,
    meaning,
    meanings_of_changes,
    meanings_of_sides,
    random_sum,
    spelt,
)

WEEKS = 6
FACTS = """\
-- One row per day, region and device.
-- grain: day, region, device
-- covered by: orders
-- basis: order placed
-- last members: member_count
-- median waiting: minutes
select
    orders.day, -- day
    orders.country as region, -- region
    orders.device, -- device
    1 as visits, -- visits
    1 as sales, -- sales
    1 as basket_items, -- items
    1 as cost, -- cost
    1 as calls, -- calls
    1 as member_count, -- members
    1 as minutes -- minutes
from raw.orders as orders
"""
WORDS = ("growth", "sales", "rate", "visits", "quality", "cost", "speed", "care", "calls", "reach", "basket", "net")
PERSIAN = ("رشد", "فروش", "نرخ", "بازدید", "کیفیت", "هزینه", "سرعت", "مراقبت", "تماس", "دسترسی", "سبد", "خالص")
# What executives may see as a member is what the team calls an internal KPI.
DEVICES = ("Reach", "calls", "visits")
SPLITS = ("region", "device", "factors")
FILTERS = ("region = 'north'", "'north' = region", "region in ('north')", "not (region <> 'north')")


def fact_rows(random: Random) -> list[dict[str, Any]]:
    """Rows whose figures are too large and too many to be equal by chance."""
    days = [week(0) + timedelta(days=number) for number in range(0, 7 * WEEKS, 3)]
    columns = (*SUMS, "member_count", "minutes")
    return [
        {"day": day, "region": region, "device": device}
        | {name: random.randrange(100_003, 9_999_991) for name in columns}
        for day in days
        for region in ("north", "south")
        for device in DEVICES
    ]


@dataclass
class RandomCatalogue:
    """A configuration, and the same after one KPI has been given another objective.

    Attributes:
        meanings: metric → what it counts, worked out in numbers; equal for equal ones, however they are spelt.
        sides: metric → the same for what stands above and below its division.
        changes: metric → the same for its step and its growth from the period before.
    """

    before: Configuration
    after: Configuration
    meanings: Mapping[str, object]
    sides: Mapping[str, tuple[object, object]]
    changes: Mapping[str, tuple[object, ...]]


def random_catalogue(seed: int) -> RandomCatalogue:
    """Make up a catalogue; the same seed gives the same one."""
    return _Maker(Random(seed)).catalogue()


class _Maker:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._metrics: dict[str, Metric] = {}
        self._trees: dict[str, tuple[Tree, bool]] = {}

    def catalogue(self) -> RandomCatalogue:
        for _ in range(self._random.randint(4, 8)):
            self._add_metric()
        if self._random.random() < 0.7:
            self._add_factors()
        objectives = self._objectives()
        ids = self._kpi_ids()
        kpis = {kpi_id: self._kpi(name, objectives, ids) for kpi_id, name in zip(ids, self._metrics, strict=True)}
        metrics = {name: each.model_copy(update={"definition": self._text()}) for name, each in self._metrics.items()}
        reports = {"weekly": self._report()}
        goals = self._goals(objectives, ids)
        before = configuration(metrics, goals=goals, kpis=kpis, reports=reports, fingerprint="before")
        moved = self._random.choice(ids)
        elsewhere = [name for name in objectives if name != kpis[moved].objective]
        changed = kpis[moved].model_copy(update=_serving(self._random.choice(elsewhere)))
        after = replace(before, kpis=kpis | {moved: changed}, fingerprint="after")
        meanings = {name: meaning(*known) for name, known in self._trees.items()}
        sides = {name: meanings_of_sides(*known) for name, known in self._trees.items()}
        changes = {name: meanings_of_changes(*known) for name, known in self._trees.items()}
        return RandomCatalogue(before, after, meanings, sides, changes)

    def _add_metric(self) -> None:
        tree, is_filtered = self._formula()
        while meaning(tree, is_filtered) is None:
            tree, is_filtered = self._formula()
        one = metric(
            spelt(tree),
            name=self._name(),
            unit=self._random.choice(("ratio", "count", "currency", "percent")),
            filter=self._random.choice(FILTERS) if is_filtered else None,
            trailing_weeks=self._random.choice((1, 1, 1, 2)),
        )
        self._keep(one, tree, is_filtered)

    def _keep(self, one: Metric, tree: Tree, is_filtered: bool) -> str:
        name = "_".join(one.name.en.lower().split())
        while name in self._metrics:
            name += f"_{self._random.choice(WORDS)}"
        self._metrics[name], self._trees[name] = one, (tree, is_filtered)
        return name

    def _add_factors(self) -> None:
        """Make some metric the product of two new ones."""
        products = [
            name
            for name, (tree, is_filtered) in self._trees.items()
            if not is_filtered and is_arithmetic(tree) and self._metrics[name].trailing_weeks == 1
        ]
        if not products:
            return
        product, above = self._random.choice(products), random_sum(self._random)
        tree = self._trees[product][0]
        factors: tuple[Tree, ...] = (above, ("/", tree, above))
        if any(meaning(each, False) is None for each in factors):
            return
        names = tuple(self._keep(metric(spelt(each), name=self._name()), each, False) for each in factors)
        self._metrics[product] = self._metrics[product].model_copy(update={"factors": names})

    def _report(self) -> Report:
        drivers = tuple(self._random.sample(SPLITS, self._random.choice((1, 2, 3, 3))))
        return Report(audience="executive", title=self._text(), languages=("en",), drivers=drivers)

    def _formula(self) -> tuple[Tree, bool]:
        known = self._random.choice(list(self._trees.values())) if self._trees else None
        kind = self._random.choice(("disguised", "side", "combined", "number", "ratio", "ratio", "growth", "other"))
        if known is not None and kind == "disguised" and known[0] != "waiting":
            return disguised(self._random, known[0]), known[1]
        if known is not None and kind == "side" and isinstance(known[0], tuple) and known[0][0] == "/":
            side = known[0][self._random.choice((1, 2))]
            return disguised(self._random, side), known[1]
        if known is not None and kind == "combined":
            other = self._random.choice(list(self._trees.values()))
            if other[1] == known[1] and is_arithmetic(known[0]) and is_arithmetic(other[0]):
                return (self._random.choice("+-/"), known[0], other[0]), known[1]
        is_filtered = self._random.random() < 0.2
        if kind == "number":
            return random_sum(self._random), is_filtered
        if kind == "growth":
            level: Tree = random_sum(self._random)
            before: Tree = ("previous", level, 0)
            return ("/", ("-", level, before), before), is_filtered
        if kind == "other":
            others: tuple[Tree, ...] = ("members", "waiting", ("-", "members", ("previous", "members", 0)))
            tree = self._random.choice((*others, ("/", ("trailing", "sales", 14), random_sum(self._random))))
            # The middle of a part may well be the middle of the whole.
            return tree, is_filtered and tree != "waiting"
        above = self._random.choice((random_sum(self._random), ("*", 1000, random_sum(self._random))))
        return ("/", above, random_sum(self._random)), is_filtered

    def _name(self) -> Text:
        words = self._random.sample(range(len(WORDS)), self._random.choice((1, 2, 2)))
        en, fa = " ".join(WORDS[word] for word in words).capitalize(), " ".join(PERSIAN[word] for word in words)
        if self._metrics and self._random.random() < 0.3:
            longer = self._random.choice(list(self._metrics.values())).name
            en, fa = f"{longer.en} {en.lower()}", f"{longer.fa} {fa}"
        return Text(en=en, fa=fa)

    def _kpi_ids(self) -> list[str]:
        ids: list[str] = []
        for metric_id in self._metrics:
            # What a measure is called is what an internal id is most easily overlooked in.
            wanted = self._random.choice((metric_id, metric_id, f"{metric_id}_of_us", self._random.choice(SUMS)))
            ids.append(wanted if wanted not in ids else f"kpi_{metric_id}")
        return ids

    def _objectives(self) -> dict[str, Objective]:
        found: dict[str, Objective] = {}
        above: list[str] = []
        for level in ("business", "external", "internal"):
            names = [f"objective_{level}_{number}" for number in range(self._random.randint(1, 2))]
            for name in names:
                found[name] = Objective.model_validate(
                    {
                        "level": level,
                        "statement": self._text(),
                        "why": self._text(),
                        "owner": "ceo",
                        "parent": self._random.choice(above) if above else None,
                        "review_on": date(2027, 1, 1),
                    }
                )
            above = names
        return found

    def _goals(self, objectives: Mapping[str, Objective], ids: Sequence[str]) -> Goals:
        kinds = ("how", "feasibility", "change", "why", "who", "success", "when")
        return Goals(
            owners={"ceo": Owner(name=self._text(), group="executive")},
            criteria={"quality": Criterion(name=self._text())},
            objectives=dict(objectives),
            success_factors={
                f"factor_of_{name}": SuccessFactor(
                    objective=name, statement=self._text(), measured_by=tuple(self._random.sample(ids, 2))
                )
                for name in objectives
            },
            questions={
                f"how_to_{name}": Question(
                    objective=name,
                    kind=self._random.choice(kinds),  # type: ignore[arg-type]
                    question=self._text(),
                    answered_by=tuple(self._random.sample(ids, 2)),
                )
                for name in objectives
            },
        )

    def _kpi(self, metric_id: str, objectives: Collection[str], ids: Sequence[str]) -> Kpi:
        aim = round(self._random.uniform(10_000, 9_000_000), 4)
        target = Target(
            baseline=Baseline(value=aim / 3, from_week=week(0), to_week=week(0)),
            value=aim,
            deadline=week(20) - timedelta(days=1),
            success_rule=SuccessRule(comparator=">=", consecutive_weeks=1),
        )
        one = kpi(
            metric_id,
            self._random.choice(list(objectives)),
            why=self._text(),
            target=target if self._random.random() < 0.85 else None,
            actions=(Action(when="off_track", do=self._text(), owner="ceo"),),
            guardrails=tuple(self._random.sample(ids, self._random.choice((0, 0, 1)))),
        )
        status = self._random.choice(("active",) * 8 + ("draft", "retired"))
        return one.model_copy(update={"status": status})

    def _text(self) -> Text:
        """A sentence that often names a KPI, as somebody may write it who does not think of executives."""
        en, fa = self._random.sample(WORDS, 4), self._random.sample(PERSIAN, 4)
        if self._random.random() < 0.35:
            named_id = self._random.choice(list(self._metrics))
            name = self._metrics[named_id].name
            en[2] = self._random.choice((name.en, name.en.upper(), f"“{name.en.lower()}”", f"({named_id})", named_id))
            fa[1] = self._random.choice((name.fa, f"«{name.fa}»", f"{name.fa}،", named_id))
        return Text(en=" ".join(en), fa=" ".join(fa))


def _serving(objective: str) -> dict[str, object]:
    return {
        "objective": objective,
        "success_factor": f"factor_of_{objective}",
        "answers": (f"how_to_{objective}",),
    }

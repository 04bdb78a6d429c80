"""What ``kpi goals`` draws: the tree of objectives, with questions, KPIs and what must go right.

Here: layout for a terminal. The tree comes ready from ``goal_tree``; texts and numbers are written as in the reports.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from kpi_pipeline.catalogue.commitments.goal_tree import GoalTree, TreeKpi, TreeObjective, TreeQuestion
from kpi_pipeline.config.model import Language
from kpi_pipeline.console.runs import MARKS, STYLES, plain, terminal
from kpi_pipeline.wording.dates import format_day, format_days
from kpi_pipeline.wording.language import load_language
from kpi_pipeline.wording.numbers import NumberStyle, format_value


@dataclass(frozen=True)
class _Words:
    internal: str
    executive: str
    no_week: str
    must: str
    uncovered: str
    not_measurable: str
    unanswered: str
    no_value: str
    as_metric: str
    target: str
    criteria: str
    criterion: tuple[str, str, str]
    departments: str
    department: tuple[str, str, str, str]
    yes: str
    no: str


WORDS: dict[Language, _Words] = {
    "en": _Words(
        internal="internal",
        executive="for executives",
        no_week="no complete week yet",
        must="must go right",
        uncovered="no KPI measures it",
        not_measurable="not measurable yet",
        unanswered="no KPI answers it",
        no_value="no value",
        as_metric="shown as a metric; missing: {parts}",
        target="target {target} by {day}",
        criteria="Criteria",
        criterion=("criterion", "stands for it", "can be judged"),
        departments="Alignment of departments (objectives / KPIs)",
        department=("department", "internal", "external", "aligned"),
        yes="yes",
        no="no",
    ),
    "fa": _Words(
        internal="داخلی",
        executive="ویژهٔ مدیران",
        no_week="هنوز هیچ هفته‌ای کامل نشده است",
        must="عامل موفقیت",
        uncovered="هیچ شاخصی آن را نمی‌سنجد",
        not_measurable="هنوز سنجش‌پذیر نیست",
        unanswered="هیچ شاخصی پاسخش را نمی‌دهد",
        no_value="بدون مقدار",
        as_metric="فعلاً متریک است؛ کم دارد: {parts}",
        target="مقدار هدف {target} تا {day}",
        criteria="معیارها",
        criterion=("معیار", "سنجیده با", "داوری‌پذیر"),
        departments="هم‌راستایی بخش‌ها (هدف‌ها / شاخص‌ها)",
        department=("بخش", "داخلی", "خارجی", "هم‌راستا"),
        yes="بله",
        no="خیر",
    ),
}
LEVEL_STYLES = {"business": "bold", "external": "bold cyan", "internal": "cyan"}


def tree_as_json(tree: GoalTree) -> str:
    """Return the tree for scripts."""
    return json.dumps(asdict(tree), ensure_ascii=False, indent=2, default=str)


def print_goals(tree: GoalTree, language: Language) -> None:
    """Draw the tree, then criteria and departments."""
    drawing = _Drawing(tree, language)
    console = terminal()
    console.print(Text(drawing.heading(), style="bold"))
    for objective in tree.objectives:
        console.print()
        console.print(drawing.objective(objective))
    for title, table in drawing.tables():
        console.print(Text(f"\n{title}", style="bold"))
        console.print(table)


class _Drawing:
    def __init__(self, tree: GoalTree, language: Language) -> None:
        self._tree = tree
        self._words = WORDS[language]
        self._language = load_language(language)

    def heading(self) -> str:
        week = self._words.no_week
        if self._tree.week_start and self._tree.week_end:
            week = format_days(self._tree.week_start, self._tree.week_end, self._language)
        readers = self._words.executive if self._tree.audience == "executive" else self._words.internal
        return plain(f"{self._tree.company}: {week} ({readers})")

    def objective(self, objective: TreeObjective, onto: Tree | None = None) -> Tree:
        level = self._language.text(f"level.{objective.level}")
        place = f"{level} ({objective.department})" if objective.department else level
        doubt = "" if objective.is_measurable else f"   {self._words.not_measurable}"
        label = Text.assemble(
            (plain(objective.statement), LEVEL_STYLES[objective.level]),
            (f"   {place}   {objective.owner}", "dim"),
            (doubt, "yellow"),
        )
        branch = Tree(label, guide_style="dim") if onto is None else onto.add(label)
        for question in objective.questions:
            self._question(question, branch)
        for kpi in objective.other_kpis:
            branch.add(self._kpi(kpi))
        for factor in objective.factors:
            measured = (factor.kpis, "dim") if factor.is_covered else (self._words.uncovered, "yellow")
            branch.add(Text.assemble((f"{self._words.must}: {factor.statement}   ", ""), measured))
        for child in objective.children:
            self.objective(child, branch)
        return branch

    def _question(self, question: TreeQuestion, branch: Tree) -> None:
        nobody = "" if question.kpis else f"   {self._words.unanswered}"
        asked = branch.add(Text.assemble((f"{question.question}", "italic"), (nobody, "yellow")))
        for kpi, answer in zip(question.kpis, question.answers, strict=True):
            asked.add(self._kpi(kpi)).add(Text(plain(answer), style="dim"))

    def _kpi(self, kpi: TreeKpi) -> Text:
        if kpi.missing_parts:
            note = self._words.as_metric.format(parts=kpi.missing_parts)
            return Text.assemble(("○ ", "dim"), f"{kpi.name}   ", (note, "yellow"))
        style = STYLES.get(kpi.pace_status, "dim")
        value = self._words.no_value if kpi.value is None else self._number(kpi.value, kpi)
        target = ""
        ends = [self._number(end, kpi) for end in (kpi.target, kpi.target_low, kpi.target_high) if end is not None]
        if ends and kpi.deadline is not None:
            day = format_day(kpi.deadline, self._language)
            target = self._words.target.format(target=" … ".join(ends), day=plain(day))
        pace = self._language.known_text("pace", kpi.pace_status, kpi.pace_status)
        return Text.assemble(
            (f"{MARKS.get(kpi.pace_status, '–')} ", style),
            f"{kpi.name}   ",
            (value, "bold"),
            (f"   {plain(pace)}", style),
            (f"   {target}   {kpi.owner}", "dim"),
        )

    def _number(self, value: float, kpi: TreeKpi) -> str:
        style = NumberStyle(self._language, kpi.unit, kpi.decimals, self._tree.money)  # type: ignore[arg-type]
        return plain(format_value(value, style))

    def tables(self) -> Iterator[tuple[str, Table]]:
        """Yield the tables below the tree, each with its title; none that is empty."""
        words = self._words
        if self._tree.criteria:
            table = _table(words.criterion)
            for one in self._tree.criteria:
                table.add_row(one.name, one.measured_by or "–", self._yes(one.is_assessable))
            yield words.criteria, table
        if self._tree.departments:
            table = _table(words.department)
            for each in self._tree.departments:
                internal = f"{each.internal_objectives} / {each.internal_kpis}"
                external = f"{each.external_objectives} / {each.external_kpis}"
                table.add_row(each.department, internal, external, self._yes(each.is_aligned))
            yield words.departments, table

    def _yes(self, holds: bool) -> str:
        return self._words.yes if holds else self._words.no


def _table(headings: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(heading)
    return table

"""The page of one KPI: who has committed to what, why, and by when.

Here: the parts of a commitment as Markdown. What its number means stands on the page of its metric.
"""

from collections.abc import Iterator

from kpi_pipeline.catalogue.commitments.catalogue_table import objective_chain
from kpi_pipeline.config.commitment import missing_parts
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.kpi import Kpi, Target, When, Who


def kpi_page(kpi_id: str, configuration: Configuration) -> Iterator[str]:
    """Yield the lines of a KPI's page."""
    kpi, goals = configuration.kpis[kpi_id], configuration.goals
    name = configuration.metrics[kpi.metric].name
    yield f"# {name.en}"
    yield f'\n<div dir="rtl" lang="fa">\n\n**{name.fa}**'
    if kpi.why:
        yield f"\n{kpi.why.fa}"
    yield "\n</div>"
    if kpi.why:
        yield f"\n{kpi.why.en}"
    yield "\n| | |\n|---|---|"
    for label, value in _facts(kpi_id, kpi, configuration):
        yield f"| {label} | {value} |"
    if missing := missing_parts(kpi):
        yield f"\nShown as a metric until these parts are there: {', '.join(missing)}."
    if kpi.objective:
        yield "\n## What it is for\n"
        for depth, objective_id in enumerate(objective_chain(kpi.objective, goals.objectives)):
            objective = goals.objectives[objective_id]
            yield f"{'  ' * depth}- {objective.statement.en} ({objective.level})"
    if kpi.answers:
        yield "\n## Questions that it answers\n"
        yield from (f"- {goals.questions[name].question.en}" for name in kpi.answers)
    if kpi.target:
        yield "\n## Target\n"
        yield from _target(kpi.target)
    if kpi.who:
        yield "\n## Who\n\n| | |\n|---|---|"
        yield from _who(kpi.who, configuration)
    yield from _plan(kpi)
    if kpi.actions:
        yield "\n## What is done when it leaves its path\n"
        for action in kpi.actions:
            owner = goals.owners[action.owner].name.en
            yield f"- {action.when.replace('_', ' ')}: {action.do.en} ({owner})"


def _facts(kpi_id: str, kpi: Kpi, configuration: Configuration) -> Iterator[tuple[str, str]]:
    goals = configuration.goals
    yield "Id", f"`{kpi_id}`, version {kpi.version} from {kpi.effective_from}, {kpi.status}"
    yield "Metric", f"[{kpi.metric}](../metrics/{kpi.metric}.md)"
    yield "Class", "business as a whole" if kpi.kpi_class == "business" else f"function: {kpi.function}"
    yield "Scope", kpi.scope
    if kpi.objective:
        level = goals.objectives[kpi.objective].level
        yield "Made for", "the team that does the work" if level == "internal" else "executives and the team"
    if kpi.success_factor:
        yield "Success factor", goals.success_factors[kpi.success_factor].statement.en
    if kpi.criterion:
        yield "Criterion", goals.criteria[kpi.criterion].name.en
    if kpi.review:
        yield "Review", f"every {kpi.review.every_weeks} weeks, next on {kpi.review.next_on}"
    if kpi.impact:
        identity = f": {kpi.impact.identity}" if kpi.impact.identity else ""
        yield "Effect on the objective", f"`{kpi.impact.objective_metric}`, {kpi.impact.evidence}{identity}"
    if kpi.guardrails:
        yield "Must not suffer", ", ".join(f"[{name}]({name}.md)" for name in kpi.guardrails)


def _target(target: Target) -> Iterator[str]:
    baseline, rule = target.baseline, target.success_rule
    aim = f"{target.value:,g}" if target.band is None else f"{target.band.low:,g} to {target.band.high:,g}"
    yield (
        f"From {baseline.value:,g} (weeks from {baseline.from_week} to {baseline.to_week}) to {aim} by"
        f" {target.deadline}, on a {target.path} path. Reached when {rule.comparator} {aim} in"
        f" {rule.consecutive_weeks} consecutive weeks."
    )


def _who(who: Who, configuration: Configuration) -> Iterator[str]:
    owners = configuration.goals.owners
    groups = (
        ("Accountable", (who.accountable,)),
        ("Responsible", who.responsible),
        ("Consulted", who.consulted),
        ("Informed", who.informed),
    )
    for label, names in groups:
        if names:
            yield f"| {label} | {', '.join(owners[name].name.en for name in names)} |"


def _plan(kpi: Kpi) -> Iterator[str]:
    rows: list[tuple[str, str]] = []
    if kpi.what:
        rows.append(("What it takes", "; ".join(kpi.what)))
    if kpi.where:
        ratio = f"`{kpi.where.efficiency_metric}` per `{kpi.where.per}`"
        rows.append(("Where", f"{kpi.where.scope}; effort is judged by {ratio}"))
    if kpi.when:
        rows += _expectations(kpi.when)
    if kpi.how:
        tasks = [f"{each.task}{f' (done on {each.done_on})' if each.done_on else ''}" for each in kpi.how.tasks]
        rows.append(("How", "; ".join(tasks)))
    if rows:
        yield "\n## How it is to be reached\n\n| | |\n|---|---|"
        yield from (f"| {label} | {text} |" for label, text in rows)


def _expectations(when: When) -> list[tuple[str, str]]:
    groups = (
        ("Assumptions", tuple(each.text for each in when.assumptions)),
        ("Risks", when.risks),
        ("Obstacles", when.obstacles),
        ("Opportunities", when.opportunities),
    )
    return [(label, "; ".join(texts)) for label, texts in groups if texts]

"""``kpi.smart``: every commitment judged by the five letters, with what was found in words.

Here: choosing the sentences. What only the configuration decides is found in ``config``, what data decides in
``target_facts``, and the sentences themselves stand in ``wording``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from kpi_pipeline.analysis.forecaster import MINIMUM_HISTORY_WEEKS
from kpi_pipeline.analysis.smart import Feasibility, Verdict
from kpi_pipeline.catalogue.commitments.target_facts import TargetFacts
from kpi_pipeline.catalogue.tables.row_tables import Row
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.kpi import Target
from kpi_pipeline.config.smart_rules import SmartFinding, static_smart
from kpi_pipeline.wording.phrasing import Phrasing, in_every_language

LETTERS = ("S", "M", "A", "R", "T")
# Bad first: a letter is as bad as the worst that was found.
VERDICTS: tuple[Verdict, ...] = ("fail", "warning", "not_judged", "pass")
CODES: dict[Feasibility | None, str] = {"unrealistic": "KPI033", "trivial": "KPI035"}


def smart_rows(configuration: Configuration, facts: Mapping[str, TargetFacts]) -> Iterator[Row]:
    """Yield one row per letter of every KPI that is not retired, in the order of the word."""
    for kpi_id, kpi in configuration.kpis.items():
        if kpi.status == "retired":
            continue
        static = static_smart(kpi_id, configuration)
        for letter in LETTERS:
            found = [finding for finding in static if finding.letter == letter]
            if letter == "M" and kpi_id in facts:
                yield _row(kpi_id, "M", *_measurable(facts[kpi_id], found, configuration))
            elif letter == "A" and kpi_id in facts:
                yield _row(kpi_id, "A", *_achievable(facts[kpi_id], found, configuration))
            else:
                yield _row(kpi_id, letter, [finding.verdict for finding in found], _joined(found), None)


def feasibility_sentence(facts: TargetFacts, phrasing: Phrasing) -> str:
    """Say how far away the target is, with numbers."""
    found = facts.achievability
    if found.feasibility is None or found.probability is None or found.required_growth is None:
        return _why_not_judged(facts, phrasing)
    sentences = [
        phrasing.say(
            f"smart.{found.feasibility}",
            target=target_text(facts.target, phrasing),
            chance=phrasing.chance(found.probability),
        )
    ]
    if found.best_growth is not None:
        sentences.append(
            phrasing.language.plural(
                "smart.growth",
                facts.target.achievability.growth_span_weeks,
                span=phrasing.count(facts.target.achievability.growth_span_weeks),
                required=phrasing.growth(found.required_growth, is_relative=found.is_relative),
                best=phrasing.growth(found.best_growth, is_relative=found.is_relative),
                day=phrasing.day(facts.target.deadline),
            )
        )
    return " ".join(sentences)


def target_text(target: Target, phrasing: Phrasing) -> str:
    """Write what is to be reached, to stand inside a sentence."""
    if target.band is not None:
        return phrasing.band(target.band.low, target.band.high)
    assert target.value is not None
    return phrasing.value(target.value)


def _measurable(
    facts: TargetFacts, static: Sequence[SmartFinding], configuration: Configuration
) -> tuple[list[Verdict], dict[str, str], str | None]:
    found, failed = facts.measurability, [finding for finding in static if finding.verdict == "fail"]
    baseline_fault = next((fault for fault in found.faults if fault.startswith("baseline")), "baseline_confirmed")
    weeks_fault = next((fault for fault in found.faults if fault.endswith("weeks")), "enough_weeks")
    coverage = "coverage_low" if "coverage_low" in found.faults else "coverage_good"

    def sentence(phrasing: Phrasing) -> str:
        recomputed = found.recomputed_baseline
        return " ".join(
            (
                phrasing.say(f"smart.{weeks_fault}", weeks=phrasing.count(found.final_weeks)),
                phrasing.say(
                    f"smart.{baseline_fault}",
                    baseline=phrasing.value(found.baseline),
                    recomputed="" if recomputed is None else phrasing.value(recomputed),
                ),
                phrasing.say(
                    f"smart.{coverage}",
                    coverage=phrasing.share(found.coverage_pct / 100),
                    wanted=phrasing.share(found.min_coverage_pct / 100),
                ),
                *([phrasing.say("smart.path_linear")] if facts.course.is_season_missing else []),
            )
        )

    code = "KPI037" if "baseline_differs" in found.faults else None
    path: list[Verdict] = ["warning"] if facts.course.is_season_missing else []
    verdicts = [found.verdict, *path, *(finding.verdict for finding in failed)]
    return verdicts, _with(failed, _said(facts, configuration, sentence)), code


def _achievable(
    facts: TargetFacts, static: Sequence[SmartFinding], configuration: Configuration
) -> tuple[list[Verdict], dict[str, str], str | None]:
    found, failed = facts.achievability, [finding for finding in static if finding.verdict == "fail"]
    override = facts.target.achievability.override if found.feasibility == "unrealistic" else None

    def sentence(phrasing: Phrasing) -> str:
        said = feasibility_sentence(facts, phrasing)
        if override is None:
            return said
        approver = configuration.goals.owners[override.approved_by].name
        return f"{said} {phrasing.say('smart.overridden', name=phrasing.outside(approver))}"

    verdicts: list[Verdict] = ["warning" if override else found.verdict, *(finding.verdict for finding in failed)]
    return verdicts, _with(failed, _said(facts, configuration, sentence)), CODES.get(found.feasibility)


def _why_not_judged(facts: TargetFacts, phrasing: Phrasing) -> str:
    if len(facts.run) < MINIMUM_HISTORY_WEEKS:
        return phrasing.say("smart.short_history", weeks=phrasing.count(len(facts.run)))
    return phrasing.say("smart.deadline_reached" if facts.forecast is None else "smart.outside_scale")


def _said(facts: TargetFacts, configuration: Configuration, sentence: Callable[[Phrasing], str]) -> dict[str, str]:
    return in_every_language("finding", facts.plan.metric, configuration.company.money, sentence)


def _joined(findings: Sequence[SmartFinding]) -> dict[str, str]:
    return {
        "finding_en": "; ".join(finding.en for finding in findings),
        "finding_fa": "؛ ".join(finding.fa for finding in findings),
    }


def _with(failed: Sequence[SmartFinding], said: Mapping[str, str]) -> dict[str, str]:
    before = _joined(failed)
    return {column: f"{before[column]}. {text}" if failed else text for column, text in said.items()}


def _row(kpi_id: str, letter: str, verdicts: Sequence[str], said: Mapping[str, str], code: str | None) -> Row:
    return {
        "kpi_id": kpi_id,
        "letter": letter,
        "verdict": min(verdicts, key=VERDICTS.index),
        **said,
        "code": code,
    }

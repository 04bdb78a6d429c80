"""``kpi.answers``: every question of the goals with its current answer, made from the last complete week.

Here: which KPI answers which question, and for whom. The sentences of an answer are chosen in ``answer_sentences``; who
sees which KPI is decided in ``audience``.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import cast

from kpi_pipeline.catalogue.commitments.answer_sentences import AnsweringKpi, answer
from kpi_pipeline.catalogue.commitments.target_facts import TargetFacts
from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.tables.row_tables import Row
from kpi_pipeline.config.goals import Question
from kpi_pipeline.config.report import Audience
from kpi_pipeline.wording.language import load_language
from kpi_pipeline.wording.phrasing import LANGUAGES, in_every_language

TREND = timedelta(weeks=12)


def answer_rows(
    audiences: Audiences, facts: Mapping[str, TargetFacts], weekly: Sequence[Row], week_start: date
) -> Iterator[Row]:
    """Yield one row per question, KPI that answers it, and audience that may read it.

    Args:
        audiences: who may see which KPI.
        facts: KPI → what data says about its target.
        weekly: the rows of the weekly table of all KPIs.
        week_start: the last complete week.
    """
    configuration = audiences.configuration
    weeks = {(cast(str, row["kpi_id"]), cast(date, row["week_start"])): row for row in weekly}
    for question_id, question in configuration.goals.questions.items():
        answering = [
            kpi_id
            for kpi_id, kpi in sorted(configuration.kpis.items())
            if kpi.status != "retired" and (question_id in kpi.answers or kpi_id in question.answered_by)
        ]
        if not answering:
            nobody = {f"answer_{code}": load_language(code).text("answer.nobody") for code in LANGUAGES}
            yield {**_row(question_id, question, "internal"), **nobody}
        for kpi_id in answering:
            metric = configuration.metrics[configuration.kpis[kpi_id].metric]
            for audience in _readers(question, kpi_id, audiences):
                one = AnsweringKpi(
                    kpi=configuration.kpis[kpi_id],
                    is_committed=kpi_id in audiences.of_kpi,
                    row=weeks.get((kpi_id, week_start)),
                    earlier=weeks.get((kpi_id, week_start - TREND)),
                    facts=facts.get(kpi_id),
                    owners=configuration.goals.owners,
                    for_executives=audience == "executive",
                )
                said = in_every_language(
                    "answer",
                    metric,
                    configuration.company.money,
                    partial(answer, question.kind, one),
                )
                yield {**_row(question_id, question, audience), "kpi_id": kpi_id, "week_start": week_start, **said}


def _readers(question: Question, kpi_id: str, audiences: Audiences) -> tuple[Audience, ...]:
    """Executives read neither answers by internal KPIs nor questions of internal objectives."""
    level = audiences.configuration.goals.objectives[question.objective].level
    is_executive = audiences.of_kpi.get(kpi_id) == "executive" and level != "internal"
    return ("internal", "executive") if is_executive else ("internal",)


def _row(question_id: str, question: Question, audience: Audience) -> Row:
    return {
        "question_id": question_id,
        "objective_id": question.objective,
        "kind": question.kind,
        "question_en": question.question.en,
        "question_fa": question.question.fa,
        "audience": audience,
    }

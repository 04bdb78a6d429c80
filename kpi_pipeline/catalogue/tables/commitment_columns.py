"""The columns of ``kpi.catalogue`` that tell the whole commitment: who, what, where, when, how, and what is overdue.

Here: putting one commitment into one row; lists of ids are joined by commas, texts stand one per line. Add a column
here, in ``catalogue_columns`` and there with its description. What the number means stands in ``catalogue_table``.
"""

from collections.abc import Collection
from datetime import date

from kpi_pipeline.catalogue.tables.row_tables import Value
from kpi_pipeline.config.kpi import Kpi, Target, When


def commitment_columns(kpi: Kpi, as_of: date) -> dict[str, Value]:
    """Return the columns of one commitment on the day of the run."""
    return {
        "status": kpi.status,
        "effective_from": kpi.effective_from,
        "class": kpi.kpi_class,
        "function": kpi.function,
        "scope": kpi.scope,
        "success_factor": kpi.success_factor,
        "criterion": kpi.criterion,
        "answers": _ids(kpi.answers),
        "guardrails": _ids(kpi.guardrails),
        **_who_and_where(kpi),
        "resources": _lines(kpi.what),
        **(_when(kpi.when, as_of) if kpi.when else {}),
        **_how(kpi),
        **(_target(kpi.target) if kpi.target else {}),
        **_care(kpi, as_of),
        "example": kpi.example,
    }


def _who_and_where(kpi: Kpi) -> dict[str, Value]:
    found: dict[str, Value] = {}
    if kpi.who:
        found |= {
            "responsible": _ids(kpi.who.responsible),
            "consulted": _ids(kpi.who.consulted),
            "informed": _ids(kpi.who.informed),
        }
    if kpi.where:
        found |= {
            "where_scope": kpi.where.scope,
            "efficiency_metric": kpi.where.efficiency_metric,
            "per": kpi.where.per,
        }
    return found


def _when(when: When, as_of: date) -> dict[str, Value]:
    expired = [one for one in when.assumptions if one.holds_until is not None and one.holds_until < as_of]
    return {
        "assumptions": _lines([_dated(one.text, one.holds_until) for one in when.assumptions]),
        "expired_assumptions": _lines([one.text for one in expired]),
        "risks": _lines(when.risks),
        "obstacles": _lines(when.obstacles),
        "opportunities": _lines(when.opportunities),
    }


def _dated(text: str, day: date | None) -> str:
    return f"{text} ({day})" if day else text


def _how(kpi: Kpi) -> dict[str, Value]:
    if kpi.how is None:
        return {}
    return {
        "tasks": _lines([_dated(task.task, task.due_on) for task in kpi.how.tasks if task.done_on is None]),
        "tasks_done": _lines([task.task for task in kpi.how.tasks if task.done_on is not None]),
        "after_completion": kpi.how.after_completion,
        "is_strategy_review_due": kpi.how.is_done,
    }


def _target(target: Target) -> dict[str, Value]:
    achievability, override = target.achievability, target.achievability.override
    return {
        "baseline_from": target.baseline.from_week,
        "baseline_to": target.baseline.to_week,
        "consecutive_weeks": target.success_rule.consecutive_weeks,
        "min_probability": achievability.min_probability,
        "swot_ref": achievability.swot_ref,
        "override_reason": override.reason if override else None,
        "override_approved_by": override.approved_by if override else None,
    }


def _care(kpi: Kpi, as_of: date) -> dict[str, Value]:
    found: dict[str, Value] = {}
    if kpi.review:
        found |= {
            "review_every_weeks": kpi.review.every_weeks,
            "review_next_on": kpi.review.next_on,
            "is_review_overdue": kpi.review.next_on < as_of,
        }
    if kpi.impact:
        found |= {
            "objective_metric": kpi.impact.objective_metric,
            "expected_sign": kpi.impact.expected_sign,
            "lag_weeks": kpi.impact.lag_weeks,
            "evidence": kpi.impact.evidence,
            "identity": kpi.impact.identity,
            "evidence_expires_on": kpi.impact.expires_on,
        }
    if kpi.quality:
        found |= {
            "max_latency_hours": kpi.quality.max_latency_hours,
            "min_coverage_pct": kpi.quality.min_coverage_pct,
        }
    return found


def _ids(names: Collection[str]) -> str | None:
    return ", ".join(names) or None


def _lines(texts: Collection[str]) -> str | None:
    return "\n".join(texts) or None

"""The first lines of a report, generated from its KPIs: what needs attention, and the change that matters most.

Here: the choice of sentences. They state what is so and what accounts for it, never why; a sentence about causes does
not belong here.
"""

from collections.abc import Sequence

from kpi_pipeline.reports.document import KpiLine, Status, TallyItem
from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.kpi_weeks import KpiWeek
from kpi_pipeline.reports.statuses import STATUS_CODES
from kpi_pipeline.wording.language import Language
from kpi_pipeline.wording.numbers import format_count
from kpi_pipeline.wording.outside_text import clean_text, isolate

_BAD = ("missed", "off_track", "at_risk")
_GOOD = ("on_track", "achieved")
_NAMES_SHOWN = 3
_NAME_LIMIT = 60
# A part is said to account for a change only if it is at least half of it, in the same direction.
_SMALLEST_SHARE = 0.5


def headline(kpis: Sequence[KpiWeek], lines: Sequence[KpiLine], edition: Edition) -> tuple[str, ...]:
    """Return a sentence on the state of the KPIs, one on the change where it was tested, and what accounts for that."""
    ranked = sorted(lines, key=lambda line: STATUS_CODES.index(line.status.code))
    sentences = [_state(ranked, edition.language)]
    change = next((line for line in ranked if line.change.tone != "neutral"), None)
    if change is not None:
        sentences.append(
            edition.language.text(
                "headline.change", name=_name(change), value=change.value.text, change=change.change.text
            )
        )
        sentences += _accounting(next(kpi for kpi in kpis if kpi.row.kpi_id == change.kpi_id), edition)
    elif any(kpi.row.change_is_detectable is False for kpi in kpis):
        sentences.append(edition.language.text("headline.no_change"))
    return tuple(sentences)


def tally(lines: Sequence[KpiLine], language: Language) -> tuple[TallyItem, ...]:
    """Count the KPIs by status, bad first, leaving out statuses that no KPI has."""
    counts = {code: sum(line.status.code == code for line in lines) for code in STATUS_CODES}
    return tuple(
        TallyItem(Status(code, language.text(f"pace.{code}")), format_count(count, language))
        for code, count in counts.items()
        if count
    )


def _state(ranked: Sequence[KpiLine], language: Language) -> str:
    total = len(ranked)
    bad = [line for line in ranked if line.status.code in _BAD]
    good = sum(line.status.code in _GOOD for line in ranked)
    numbers = {"total": format_count(total, language), "good": format_count(good, language)}
    if not ranked:
        return language.text("headline.none")
    if bad and total == 1:
        return language.text("headline.attention_only", names=_names(bad, language))
    if bad:
        numbers["bad"] = format_count(len(bad), language)
        return language.plural("headline.attention", len(bad), names=_names(bad, language), **numbers)
    if good == total:
        return language.plural("headline.all_good", total, **numbers)
    if good:
        return language.plural("headline.some_good", good, **numbers)
    return language.plural("headline.none_judged", total, **numbers)


def _accounting(kpi: KpiWeek, edition: Edition) -> list[str]:
    """The finding on the first driver, where it carries the change; none where the change is spread or set off."""
    drivers = [row for row in kpi.main_contributions if row.driver_rank == 1]
    carries = [row for row in drivers if row.share_of_change is not None and row.share_of_change >= _SMALLEST_SHARE]
    return [finding for row in carries if (finding := edition.localized(row, "finding"))]


def _names(lines: Sequence[KpiLine], language: Language) -> str:
    shown = [
        language.text("headline.named", name=_name(line), status=language.text(f"pace_in_sentence.{line.status.code}"))
        for line in lines[:_NAMES_SHOWN]
    ]
    rest = len(lines) - len(shown)
    if rest:
        shown.append(language.text("headline.more", number=format_count(rest, language)))
    return language.text("headline.names_separator").join(shown)


def _name(line: KpiLine) -> str:
    return isolate(clean_text(line.name.text, _NAME_LIMIT))

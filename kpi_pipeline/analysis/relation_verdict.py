"""What to conclude from a correlation of changes: the fixed words, and what they do to a KPI's declared evidence.

Here: the thresholds. Add a word only together with the sentences and the reports that show it. Computing correlations
belongs to ``relation_changes``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.analysis.multiple_testing import benjamini_hochberg
from kpi_pipeline.analysis.relation_changes import Correlation
from kpi_pipeline.config.kpi import Evidence

Verdict = Literal["identity", "insufficient_data", "contradicts", "no_evidence", "weak", "moderate", "strong"]
EvidenceState = Literal["confirmed", "unconfirmed", "not_judged", "by_construction", "hypothesis"]

FEWEST_PAIRS = 20
# What a correlation of 0.45 takes to be seen four times in five.
ENOUGH_PAIRS = 39
MODERATE_FROM, STRONG_FROM = 0.3, 0.5
FALSE_DISCOVERY_RATE = 0.10
CONFIRMING: frozenset[Verdict] = frozenset({"weak", "moderate", "strong"})


@dataclass(frozen=True)
class Discovery:
    """A p-value among others: adjusted for them, and whether it stands (Benjamini-Hochberg)."""

    adjusted_p_value: float
    is_discovery: bool


def verdict_of(pairs: int, correlation: Correlation | None, expected_sign: int) -> Verdict:
    """Judge by the end of the interval that is nearer to nothing, seen in the expected direction."""
    if pairs < FEWEST_PAIRS or correlation is None:
        return "insufficient_data"
    low, high = sorted((correlation.low * expected_sign, correlation.high * expected_sign))
    if high < 0:
        return "contradicts"
    if low <= 0:
        return "no_evidence"
    if low < MODERATE_FROM:
        return "weak"
    return "moderate" if low < STRONG_FROM else "strong"


def discoveries(p_values: Mapping[str, float]) -> dict[str, Discovery]:
    """Tell which of several p-values stand when one false discovery in ten is allowed."""
    adjusted = benjamini_hochberg(list(p_values.values()))
    return {
        name: Discovery(p_value, p_value <= FALSE_DISCOVERY_RATE)
        for name, p_value in zip(p_values, adjusted, strict=True)
    }


def evidence_state(evidence: Evidence, verdict: Verdict, *, is_discovery: bool) -> EvidenceState:
    """Tell what is left of a declared evidence once the data have been asked.

    A measurement is worth what the data of this run say; a hypothesis that they confirm is one no more.
    """
    if verdict == "identity":
        return "by_construction"
    if verdict in CONFIRMING and is_discovery:
        return "confirmed"
    if evidence == "hypothesis" and verdict != "contradicts":
        return "hypothesis"
    return "not_judged" if verdict == "insufficient_data" else "unconfirmed"

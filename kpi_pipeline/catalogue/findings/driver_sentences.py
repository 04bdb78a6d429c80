"""What is said about a member or factor that a KPI's change is split into.

Here: choosing the sentence. The sentences stand in ``wording``; they say what accounts for a change, never why.
"""

from kpi_pipeline.catalogue.findings.pieces import Piece
from kpi_pipeline.catalogue.metrics.divisibility import Obstacle
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.wording.phrasing import Phrasing


def member_sentence(piece: Piece, dimension: str, change: float, phrasing: Phrasing) -> str:
    """Say what a member of a dimension accounts for in a KPI's change."""
    facts = {
        "member": _member(piece.member, dimension, phrasing),
        "effect": _step(piece.effect, phrasing),
        "change": _step(change, phrasing),
    }
    before, value = piece.previous_value, piece.value
    if piece.is_new or piece.is_vanished:
        return phrasing.say("driver.new" if piece.is_new else "driver.vanished", **facts)
    if before is None or value is None:
        return phrasing.say("driver.without_value", **facts)
    if piece.mix is None or piece.rate is None or piece.weight is None or piece.previous_weight is None:
        return phrasing.say("driver.amount", before=phrasing.value(before), value=phrasing.value(value), **facts)
    return phrasing.say(
        "driver.ratio",
        own=_part(("own_fell", "own_same", "own_rose"), value - before, piece.rate, phrasing),
        weight=_part(
            ("weight_shrank", "weight_same", "weight_grew"), piece.weight - piece.previous_weight, piece.mix, phrasing
        ),
        **facts,
    )


def factor_sentence(piece: Piece, factor: Metric, change: float, phrasing: Phrasing) -> str:
    """Say what a factor accounts for in a KPI's change; the factor's own values are in its own unit."""
    own = Phrasing(phrasing.language, factor, phrasing.money)
    assert piece.previous_value is not None
    assert piece.value is not None
    return phrasing.say(
        "driver.amount",
        member=own.name,
        effect=_step(piece.effect, phrasing),
        change=_step(change, phrasing),
        before=own.value(piece.previous_value),
        value=own.value(piece.value),
    )


def obstacle_sentence(dimension: str, obstacle: Obstacle, phrasing: Phrasing) -> str:
    """Say why a KPI is not split by a dimension."""
    name = phrasing.language.known_text("dimension_name", dimension, dimension)
    return phrasing.say(f"driver.not_split_{obstacle}", dimension=phrasing.listed([name]))


def _member(member: str, dimension: str, phrasing: Phrasing) -> str:
    if not member:
        return phrasing.say("dimension.not_set")
    return phrasing.listed([phrasing.language.known_text(f"member.{dimension}", member, member)])


def _step(step: float, phrasing: Phrasing) -> str:
    return phrasing.growth(step, is_relative=False)


def _part(keys: tuple[str, str, str], step: float, effect: float, phrasing: Phrasing) -> str:
    """How something moved and what that accounts for; an effect that is written as zero is none."""
    written = _step(effect, phrasing)
    down, same, up = keys
    return phrasing.say(
        f"driver.{same if written == _step(0.0, phrasing) else up if step > 0 else down}", effect=written
    )

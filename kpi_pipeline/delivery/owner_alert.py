"""The mail that tells the owner of a report that an edition was held back, and why.

Here: its words. Whom it goes to and when is decided in ``delivery_round``.
"""

from dataclasses import replace

from kpi_pipeline.delivery.edition import Edition
from kpi_pipeline.wording.language import load_language


def held_alert(edition: Edition) -> Edition:
    """Return the alert about an edition: its reasons and none of its numbers."""
    words = load_language(edition.language)
    lines = [
        words.text("delivery.held"),
        "",
        *(f"- {gap}" for gap in edition.gaps),
        "",
        words.text("delivery.held_advice"),
    ]
    return replace(
        edition,
        audience="internal",
        subject=words.text("delivery.held_subject", subject=edition.subject),
        text="\n".join(lines) + "\n",
        html=None,
        images={},
        attachments=(),
        facts={},
    )

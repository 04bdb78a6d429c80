"""What went wrong, as the data team has to know it.

Here: the value alone. Who finds incidents: the orchestrator's sensors and the watchdog. Whom they are told to, and how
often, belongs to ``announce``.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["failure", "late_source", "late_report", "stuck", "watch"]


@dataclass(frozen=True)
class Incident:
    """Something that somebody has to look at.

    Attributes:
        key: the same as long as it is the same incident, whatever its words say meanwhile.
        what: one sentence; a ``Phrase`` where it can be said in other languages than English.
        advice: what to do, in the same way; empty where nobody knows.
    """

    key: str
    kind: Kind
    what: str
    advice: str

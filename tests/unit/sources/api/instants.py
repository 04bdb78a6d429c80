"""The instant of all pulls in these tests, and a pacing that never really waits."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from kpi_pipeline.sources.api.pacing import Pacing

NOW = datetime(2026, 11, 20, 6, 0, 0, tzinfo=UTC)
AS_OF = date(2026, 11, 20)


@dataclass
class FakeTime:
    """Time that passes only by waiting."""

    seconds: float = 0
    waits: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds

    @property
    def pacing(self) -> Pacing:
        return Pacing(self.sleep, lambda: self.seconds, lambda: 0.5)

"""The office of the delivery tests, telling its team of incidents."""

from typing import Any

from kpi_pipeline.alerts.announce import Announced, announce
from kpi_pipeline.alerts.incident import Incident
from kpi_pipeline.config.delivery import Channel, TeamChannel
from kpi_pipeline.config.model import Language
from tests.unit.delivery.office import Office


class TeamOffice(Office):
    """An office that announces."""

    def tell(self, *found: Incident, scope: str = "runs", **options: Any) -> list[Announced]:
        return announce(self.post, found, scope, **options)

    def name_team(self, channel: Channel, to: str, language: Language = "en") -> None:
        self.change(alerts=(TeamChannel(channel=channel, to=to, language=language),))


def incident(key: str = "daily", **changes: Any) -> Incident:
    known = {"kind": "failure", "what": f"{key} went wrong", "advice": f"mend {key}"}
    return Incident(**{"key": key, **known, **changes})

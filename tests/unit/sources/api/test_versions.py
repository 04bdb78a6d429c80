from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

from kpi_pipeline.sources.api.pull import ApiFacts, PulledSystem, pulled_system

SYSTEMS = sorted(
    path.stem for path in Path(str(import_module("kpi_pipeline.sources.systems").__path__[0])).glob("*.py")
)
APIS = [name for name in SYSTEMS if name != "__init__" and pulled_system(name) is not None]
NOTICE = timedelta(days=30)


def is_near_its_end(system: PulledSystem, today: datetime) -> bool:
    return system.API.sunset is not None and today.date() > system.API.sunset - NOTICE


@pytest.mark.parametrize("name", APIS)
def test_no_version_is_turned_off_within_thirty_days(name: str) -> None:
    system = pulled_system(name)
    assert system is not None
    assert not is_near_its_end(system, datetime.now(UTC)), (
        f"{name}: {system.API.version} is turned off on {system.API.sunset}; "
        "write the system for a newer version and give its sunset"
    )


@pytest.mark.parametrize("name", APIS)
def test_every_api_is_described(name: str) -> None:
    system = pulled_system(name)
    assert system is not None
    assert name.endswith("_api")
    assert system.API.secrets or system.API.optional_secrets, "every one of these APIs needs a secret"
    assert system.API.endpoint.startswith("https://") or not system.API.endpoint


def test_the_test_fires_thirty_days_before() -> None:
    class Ending:
        API = ApiFacts("v1", datetime(2027, 3, 31).date(), "https://example.org", ("token",), "days")

    system = Ending()
    assert not is_near_its_end(system, datetime(2027, 3, 1, tzinfo=UTC))  # type: ignore[arg-type]
    assert is_near_its_end(system, datetime(2027, 3, 2, tzinfo=UTC))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", APIS)
def test_the_documentation_gives_the_version_and_the_secrets(name: str, checkout: Path) -> None:
    system = pulled_system(name)
    assert system is not None
    page = (checkout / "docs" / "apis.md").read_text(encoding="utf-8")
    (row,) = (line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
    assert system.API.version in row
    assert system.API.sunset is None or f"{system.API.sunset:%Y-%m}" in row
    for secret in (*system.API.secrets, *system.API.optional_secrets):
        assert f"`{secret.upper()}" in row
    assert f"| {system.API.asks_for} |" in row

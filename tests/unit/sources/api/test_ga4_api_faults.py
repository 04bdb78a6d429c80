from datetime import date
from pathlib import Path

from tests.unit.sources.api.ga4_vendor import Ga4Api, analytics
from tests.unit.sources.api.pulled import survive_fault_schedules

# Two days, with a week that ends between them.
API = Ga4Api("ga4_api", analytics, {}, {"account_id": "270706717"}, date(2026, 11, 1), date(2026, 11, 2))


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(API, tmp_path)

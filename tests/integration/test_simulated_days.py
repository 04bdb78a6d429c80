"""Three days under the real daemon, the middle one an hour short, with a clock that leaps."""

from datetime import date
from pathlib import Path

import pytest

from benchmarks.weeks.checks import checks
from benchmarks.weeks.clock import LIBRARIES
from benchmarks.weeks.story import Period, act_out
from benchmarks.weeks.traces import read_traces


@pytest.mark.slow
@pytest.mark.skipif(not LIBRARIES, reason="libfaketime is not installed")
def test_three_days_around_the_night_that_lacks_an_hour(tmp_path: Path) -> None:
    # The run is due at an hour that this night does not have; the reports are due on the Monday.
    period = Period("spring", date(2026, 3, 28), date(2026, 3, 30), run_at="02:30")
    act_out(period, tmp_path)
    assert [check for check in checks(period, read_traces(tmp_path)) if not check.is_met] == []

"""How much of the disk is used by what, and how long the rest lasts at the rate at which files arrived.

Here: measuring and the forecast. Space inside the warehouse's file belongs to ``warehouse``.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from kpi_pipeline.doctor.finding import Examined, Fact, Finding, Level
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger

RECENT = timedelta(weeks=4)
# A first import brings years at once and says nothing of the weeks to come.
LEAST_HISTORY = timedelta(weeks=2)
WEEK_DAYS = 7
WARNING_DAYS, PROBLEM_DAYS = 60, 14
ADVICE = "a larger disk; or keep_files_days and snapshots_kept (docs)"


@dataclass(frozen=True)
class Growth:
    """What arrived lately.

    Attributes:
        weekly_bytes: bytes that were new in custody, per week.
        days: over how many days that was counted.
    """

    weekly_bytes: float
    days: int


def disk(examined: Examined) -> Iterator[Finding]:
    """Say what uses the disk and when it will be full."""
    paths = examined.installation.paths
    if not paths.data.exists():
        return
    used = {
        "custody": _size(paths.custody),
        "warehouse": _size(paths.warehouse),
        "snapshots": _size(paths.published),
        "reports": _size(paths.reports) + _size(paths.site),
        "orchestrator": _size(paths.dagster_home),
    }
    free = shutil.disk_usage(paths.data).free
    listed = ", ".join(f"{name} {_written(size)}" for name, size in used.items())
    growth = _growth(paths.custody_ledger, examined.installation.clock.now())
    facts: dict[str, Fact] = {f"{name}_bytes": size for name, size in used.items()}
    facts |= {"free_bytes": free, "custody_weekly_bytes": None, "days_left": None}
    # A run writes a snapshot of each audience before it lets go of old ones.
    is_full = free < used["warehouse"]
    if growth is None:
        lasts = "less than a run may need" if is_full else "too early to say how long"
        level: Level = "problem" if is_full else "good"
        yield Finding("disk", level, f"{listed}; {_written(free)} free, {lasts}", ADVICE if is_full else "", facts)
        return
    # Tables and snapshots hold the same rows again, so they grow with custody.
    made_of = (used["custody"] + used["warehouse"] + used["snapshots"]) / max(used["custody"], 1)
    weekly = growth.weekly_bytes * made_of
    days_left = int(free / weekly * WEEK_DAYS) if weekly else None
    facts |= {"custody_weekly_bytes": round(growth.weekly_bytes), "days_left": days_left}
    rate = f"{_written(growth.weekly_bytes)} a week arrived in the last {growth.days} days"
    lasts = f"enough for about {days_left:,} days" if days_left is not None else "nothing arrives"
    level = "problem" if is_full else "good"
    if days_left is not None and days_left < WARNING_DAYS:
        level = "problem" if is_full or days_left < PROBLEM_DAYS else "warning"
    advice = "" if level == "good" else ADVICE
    yield Finding("disk", level, f"{listed}; {rate}; {_written(free)} free, {lasts}", advice, facts)


def _growth(ledger: Path, now: datetime) -> Growth | None:
    if not ledger.exists():
        return None
    with CustodyLedger(ledger) as custody:
        arrivals = custody.arrivals()
    first_seen: dict[str, tuple[datetime, int]] = {}
    for arrival in arrivals:
        if arrival.file.sha256:
            first_seen.setdefault(arrival.file.sha256, (arrival.file.arrived_at, arrival.file.size))
    if not first_seen:
        return None
    history = now - min(arrived_at for arrived_at, _ in first_seen.values())
    if history < LEAST_HISTORY:
        return None
    # Of a history that is shorter than the window, the first day is left out: it holds what was there before.
    window = min(RECENT, history - timedelta(days=1))
    recent = sum(size for arrived_at, size in first_seen.values() if now - arrived_at <= window)
    return Growth(recent / (window / timedelta(weeks=1)), window.days)


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file() and not file.is_symlink())


def _written(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit in ("B", "kB") or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"

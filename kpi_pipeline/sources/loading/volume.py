"""Whether a source brought about as many rows for its newest day as it usually does.

Here: the comparison with the weeks before. It finds what no contract can: an export that is complete in form and holds
a part of the rows. What follows from it is decided by those who ask.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from kpi_pipeline.sources.loading.raw_tables import COVERED_DAYS
from kpi_pipeline.sources.subjects import SUBJECTS
from kpi_pipeline.warehouse.engine import Engine

COMPARED_DAYS = 28
FEWEST_DAYS = 7
# Below this a day's count says little: one order more or less is a large share of it.
FEWEST_ROWS = 10
# Far from the usual in both senses: by a factor, and measured by how much the days differ anyway. The second keeps
# weekends quiet, when some shops sell nothing. 1.4826 makes the median deviation comparable to a standard deviation.
FACTOR = 3
DEVIATIONS = 4 * 1.4826


@dataclass(frozen=True)
class Volume:
    """The rows of one subject on the newest covered day.

    Attributes:
        usual: the median of the covered days before.
    """

    subject: str
    day: date
    rows: int
    usual: float
    is_unusual: bool


def volumes(engine: Engine, source: str, subjects: Collection[str], as_of: date) -> list[Volume]:
    """Compare the newest covered day before ``as_of`` with the four weeks before it, where they tell enough.

    Only subjects whose rows belong to their day are looked at: of entities, a day has none until they come.
    """
    found = (_volume(engine, source, name, as_of) for name in sorted(subjects) if SUBJECTS[name].unit == "day")
    return [volume for volume in found if volume is not None]


def _volume(engine: Engine, source: str, subject: str, as_of: date) -> Volume | None:
    counted = engine.read(
        f"""
        with covered as (
            select distinct day from {COVERED_DAYS}
            where source = $source and subject = $subject and day >= $first_day and day < $as_of
        ),
        counted as (
            select covered.day, count(rows.day) as rows
            from covered
            left join (select day from {SUBJECTS[subject].table} where source = $source) as rows using (day)
            group by covered.day
        ),
        newest as (select max_by(rows, day) as rows, max(day) as day from counted)
        select
            newest.day, newest.rows, count(*) as days, median(counted.rows) as usual, mad(counted.rows) as deviation
        from counted, newest
        where counted.day < newest.day
        group by newest.day, newest.rows
        """,
        {
            "source": source,
            "subject": subject,
            "first_day": as_of - timedelta(days=COMPARED_DAYS + 1),
            "as_of": as_of,
        },
    ).to_pylist()
    if not counted or counted[0]["days"] < FEWEST_DAYS or counted[0]["usual"] < FEWEST_ROWS:
        return None
    rows, usual = counted[0]["rows"], float(counted[0]["usual"])
    is_far = not usual / FACTOR <= rows <= usual * FACTOR
    is_unusual = is_far and abs(rows - usual) > DEVIATIONS * float(counted[0]["deviation"])
    return Volume(subject, counted[0]["day"], rows, usual, is_unusual)

"""Special weeks: what can be said about them, and which weeks they touch."""

from datetime import date

import pytest

from kpi_pipeline.config.configuration import load_configuration
from kpi_pipeline.config.events import Event
from kpi_pipeline.config.translation import problem_text

EVENTS = """\
nowruz:
    name: {en: Nowruz, fa: نوروز}
    days:
        - {first_day: 2026-03-21, last_day: 2026-04-03}
        - {first_day: 2027-03-21, last_day: 2027-04-03}
    source: official calendar
yalda:
    name: {en: Yalda night, fa: شب یلدا}
    days: [{first_day: 2026-12-21, last_day: 2026-12-21}]
"""


@pytest.fixture
def nowruz(folder) -> Event:
    folder.write("events.yaml", EVENTS)
    return load_configuration(folder.path).events["nowruz"]


def test_events_are_optional_and_read_by_id(folder):
    assert load_configuration(folder.path).events == {}
    folder.write("events.yaml", EVENTS)

    events = load_configuration(folder.path).events
    assert list(events) == ["nowruz", "yalda"]
    assert events["yalda"].name.fa == "شب یلدا"
    assert events["yalda"].source is None


@pytest.mark.parametrize(
    ("first", "last", "is_touched"),
    [
        (date(2026, 3, 14), date(2026, 3, 20), False),
        (date(2026, 3, 15), date(2026, 3, 21), True),
        (date(2026, 3, 25), date(2026, 3, 31), True),
        (date(2026, 4, 3), date(2026, 4, 9), True),
        (date(2026, 4, 4), date(2026, 4, 10), False),
        (date(2027, 3, 20), date(2027, 3, 26), True),
        (date(2026, 1, 1), date(2026, 12, 31), True),
    ],
)
def test_a_week_is_touched_by_every_day_of_every_occurrence(nowruz, first, last, is_touched):
    assert nowruz.touches(first, last) == is_touched


def test_an_event_that_ends_before_it_starts_is_refused_in_its_line(folder):
    folder.write("events.yaml", EVENTS.replace("last_day: 2027-04-03", "last_day: 2026-04-03"))

    (problem,) = folder.problems()
    assert str(problem) == (
        'config/events.yaml:5  CFG049  event "nowruz" ends on 2026-04-03, before it starts on 2027-03-21;'
        " exchange the two days, or correct the year"
    )
    assert "رویداد «nowruz»" in problem_text(problem, "fa")


def test_an_event_of_one_day_is_one(folder):
    folder.write("events.yaml", EVENTS)
    assert folder.codes() == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("    name: {en: Nowruz, fa: نوروز}\n", "", "CFG010"),
        ("name: {en: Nowruz, fa: نوروز}", "name: {en: Nowruz}", "CFG010"),
        ("[{first_day: 2026-12-21, last_day: 2026-12-21}]", "[]", "CFG011"),
        ("last_day: 2026-12-21", "last_day: 1405-09-30", "CFG004"),
        ("    source: official calendar", "    wher: official calendar", "KPI002"),
    ],
)
def test_what_an_event_must_say(folder, old, new, code):
    folder.write("events.yaml", EVENTS)
    folder.change("events.yaml", old, new)
    assert folder.codes() == [code]


def test_events_belong_to_the_identity_of_the_configuration(folder):
    before = load_configuration(folder.path).fingerprint
    folder.write("events.yaml", EVENTS)
    assert load_configuration(folder.path).fingerprint != before

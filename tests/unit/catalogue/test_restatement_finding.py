import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest

from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.config.metric import EarlierDefinition
from kpi_pipeline.config.source import Source
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Warehouse, metric, text, week
from tests.unit.catalogue.publisher import LONG_AFTER, NET_SALES, NOW, WEEKLY, Publisher, day, shop_configuration

WEEK_0 = [day(n) for n in range(7)]


@pytest.fixture
def shop(
    warehouse: Warehouse, project: SqlProject, publications: PublicationLedger, sources: dict[str, Source]
) -> Publisher:
    return Publisher(warehouse, project, publications, shop_configuration(sources))


def test_day_that_arrives_late_is_late_data(shop: Publisher) -> None:
    shop.deliver("orders", *WEEK_0[:6])
    shop.deliver("refunds", *WEEK_0)
    assert shop.publish() == []

    shop.deliver("orders", WEEK_0[6])
    late = shop.restate()
    # Sunday sold for 100, less 10.
    assert [(one.cause, one.effect, one.old_value, one.new_value) for one in late] == [
        ("late_data", 90.0, 520.0, 610.0)
    ]
    assert (late[0].from_snapshot, late[0].to_snapshot, late[0].basis) == ("s1", "s2", "arrived")


@pytest.mark.parametrize(("as_of", "cause"), [(day(7), "late_data"), (day(14), "source_correction")])
def test_newer_file_corrects_a_day_only_once_that_is_final(shop: Publisher, as_of: date, cause: str) -> None:
    shop.deliver_everything()
    shop.publish(as_of)

    shop.sales[day(6)] = Decimal(130)
    shop.deliver("orders", day(6))
    assert shop.publish(day(20)) == [(cause, 30.0)]


def test_refund_after_the_week_is_a_refund(shop: Publisher) -> None:
    shop.deliver_everything()
    shop.publish()

    shop.refunds[day(1)] = Decimal("45.5")
    shop.deliver("refunds", day(1))
    assert shop.publish() == [("refund", -25.5)]


def test_refund_reaches_a_margin_although_no_order_changed(shop: Publisher, sources: dict[str, Source]) -> None:
    shop.config = shop_configuration(sources, margin=metric("order_gross_margin", **WEEKLY))
    shop.sales = {day(0): Decimal(100)}
    shop.deliver_everything()
    rows = [{"day": day(0), "channel": "a", "country": "DE", "order_gross_margin": Decimal(60)}]
    shop._measures = lambda table, *_: shop.warehouse.measures("orders", rows)  # type: ignore[method-assign]
    shop.publish()

    rows[0]["order_gross_margin"] = Decimal(50)
    shop.warehouse.changed("measures.orders")
    shop.deliver("refunds", week(3))
    assert shop.publish() == [("refund", -10.0)]


def test_other_rate_of_a_day_is_fx_where_nothing_else_of_it_arrived(shop: Publisher) -> None:
    shop.deliver_everything()
    shop.publish()

    shop.sales[day(2)] = Decimal(104)
    shop.correct_rate(day(2))
    assert shop.publish() == [("fx", 4.0)]


def test_other_rate_and_other_orders_of_one_day_count_for_the_orders(shop: Publisher) -> None:
    shop.deliver_everything()
    shop.publish()

    shop.sales[day(2)] = Decimal(104)
    shop.correct_rate(day(2))
    shop.deliver("orders", day(2))
    assert shop.publish() == [("source_correction", 4.0)]


def test_several_causes_on_different_days_and_sums_are_told_apart(shop: Publisher) -> None:
    shop.deliver("orders", *WEEK_0[:6])
    shop.deliver("refunds", *WEEK_0)
    shop.publish()

    shop.sales[day(0)] = Decimal(70)
    shop.sales[day(4)] = Decimal(101)
    shop.refunds[day(5)] = Decimal(15)
    shop.deliver("orders", day(0), WEEK_0[6])
    shop.deliver("refunds", day(5))
    shop.correct_rate(day(4))
    assert dict(shop.publish()) == {"late_data": 90.0, "refund": -15.0, "source_correction": -30.0, "fx": 1.0}


def with_earlier(formula: str) -> Callable[[dict[str, Source]], object]:
    earlier = EarlierDefinition(version=1, until=week(0), formula=NET_SALES, reason=text("Better"))
    one = metric(formula, version=2, effective_from=week(0), earlier=(earlier,), **WEEKLY)
    return lambda sources: shop_configuration(sources, sales=one)


def test_new_definition_accounts_for_what_it_changes_on_the_same_data(
    shop: Publisher, sources: dict[str, Source]
) -> None:
    shop.deliver_everything()
    shop.publish()

    shop.config = with_earlier("gross_sales - returns")(sources)  # type: ignore[assignment]
    shop.refunds[day(1)] = Decimal(21)
    shop.deliver("refunds", day(1))
    # Seven discounts of 10 are not taken off any more; that one more was refunded has nothing to do with it.
    assert dict(shop.publish()) == {"definition": 70.0, "refund": -1.0}


def test_week_before_a_new_definition_stays_what_it_was(shop: Publisher, sources: dict[str, Source]) -> None:
    shop.deliver_everything()
    shop.publish()

    earlier = EarlierDefinition(version=1, until=week(1), formula=NET_SALES, reason=text("Better"))
    later = metric("gross_sales", version=2, effective_from=week(1), earlier=(earlier,), **WEEKLY)
    shop.config = shop_configuration(sources, sales=later)
    assert shop.publish() == []

    shop.refunds[day(1)] = Decimal(21)
    shop.deliver("refunds", day(1))
    assert shop.publish() == [("refund", -1.0)]


def test_definition_without_its_measures_cannot_be_told_apart(shop: Publisher, sources: dict[str, Source]) -> None:
    shop.deliver_everything()
    shop.publish()

    files = tuple(file for file in shop.project.files if file.table != "measures.returns")
    shop.project = SqlProject(files, shop.project.external_tables)
    shop.config = shop_configuration(sources, sales=metric("gross_sales - discounts", version=2, **WEEKLY))
    found = shop.restate()
    assert [(one.cause, one.effect, one.basis) for one in found] == [("definition", 20.0, "inseparable")]


def test_other_sql_behind_a_measure_cannot_be_told_apart_from_data(shop: Publisher) -> None:
    shop.deliver_everything()
    shop.publish()

    files = tuple(
        replace(file, fingerprint="other") if file.table == "core.orders" else file for file in shop.project.files
    )
    shop.project = SqlProject(files, shop.project.external_tables)
    shop.sales[day(0)] = Decimal(101)
    shop.deliver("orders", day(0))
    assert [(one.cause, one.effect, one.basis) for one in shop.restate()] == [("definition", 1.0, "inseparable")]


def test_measure_that_counted_as_zero_until_somebody_delivers_it_is_another_definition(
    shop: Publisher, sources: dict[str, Source]
) -> None:
    full = shop_configuration(sources, sales=metric(NET_SALES, optional=("returns",), **WEEKLY))
    shop.deliver_everything()
    shop.config = replace(full, sources={"fx_rates": full.sources["fx_rates"]})
    shop.publish()
    shop.config = full

    assert shop.publish() == [("definition", -20.0)]


def test_change_that_nothing_explains_is_said_to_be_one(shop: Publisher) -> None:
    shop.deliver_everything()
    shop.publish()

    shop.sales[day(0)] = Decimal(101)
    found = shop.restate()
    assert [(one.cause, one.effect, one.basis) for one in found] == [("source_correction", 1.0, "nothing_seen")]


def test_value_that_comes_or_goes_has_a_cause_without_effect(shop: Publisher) -> None:
    shop.deliver("orders", *WEEK_0)
    shop.publish()
    assert shop.publications.values()[0].null_reason == "source_missing"

    shop.deliver("refunds", *WEEK_0)
    came = shop.restate()
    assert [(one.cause, one.effect, one.old_value, one.new_value) for one in came] == [("late_data", None, None, 610.0)]

    shop.sales[day(0)] = None  # type: ignore[assignment]
    shop.correct_rate(day(0))
    gone = shop.restate()
    assert [(one.cause, one.effect, one.new_null_reason) for one in gone] == [("fx", None, "missing_rate")]


def test_week_that_goes_on_is_not_restated(shop: Publisher) -> None:
    shop.deliver("orders", *WEEK_0[:3])
    shop.deliver("refunds", *WEEK_0[:3])
    shop.publish(day(3))
    shop.deliver("orders", *WEEK_0)
    shop.deliver("refunds", *WEEK_0)

    assert shop.publish(day(7)) == []
    assert [value.value for value in shop.publications.values()] == [250.0, 610.0]


def test_file_that_is_missing_when_the_week_is_over_restates_what_was_said_then(shop: Publisher) -> None:
    shop.deliver("orders", *WEEK_0[:6])
    shop.deliver("refunds", *WEEK_0)
    # On Sunday and on Monday the same is said, without Sunday's orders.
    assert shop.publish(day(6)) == shop.publish(day(7)) == []
    shop.deliver("orders", day(6))

    assert shop.publish(day(8)) == [("late_data", 90.0)]


def test_days_before_the_week_count_where_a_window_reaches_them(shop: Publisher, sources: dict[str, Source]) -> None:
    shop.config = shop_configuration(
        sources,
        trail=metric("gross_sales", trailing_weeks=2, **WEEKLY),
        month=metric("trailing(gross_sales, 14)", **WEEKLY),
    )
    shop.sales[week(1)] = Decimal(500)
    shop.deliver("orders", *WEEK_0, week(1))
    shop.publish(week(2))

    shop.sales[day(6)] = Decimal(110)
    shop.deliver("orders", day(6))
    found = shop.restate(week(2))
    expected = [(name, number) for name in ("month", "trail") for number in (0, 1)]
    assert sorted((one.kpi_id, one.week_start) for one in found) == [(name, week(number)) for name, number in expected]
    assert {(one.cause, one.effect) for one in found} == {("source_correction", 10.0)}


def test_warehouse_that_was_lost_does_not_make_everything_new(shop: Publisher) -> None:
    shop.deliver_everything()
    shop.publish()
    shop.sales[day(0)] = Decimal(120)
    shop.deliver("orders", day(0))
    # Made again from custody, it has the same files, and no memory of which snapshot knew which.
    for table in ("meta.snapshots", "meta.changes", "meta.computed_metrics"):
        shop.warehouse.engine.run(f"delete from {table}")

    assert shop.publish() == [("source_correction", 20.0)]
    assert shop.publish() == []


def test_snapshot_that_nobody_saw_restates_nothing(shop: Publisher) -> None:
    shop.deliver_everything()
    shop.publish()
    shop.sales[day(0)] = Decimal(120)
    shop.deliver("orders", day(0))
    assert shop.publish(becomes_public=False) == [("source_correction", 20.0)]

    shop.publications.settle("s1")
    assert shop.publications.restatements() == []
    shop.sales[day(0)] = Decimal(130)
    shop.deliver("orders", day(0))
    assert [(one.old_value, one.new_value, one.effect) for one in shop.restate()] == [(610.0, 640.0, 30.0)]
    assert [one.from_snapshot for one in shop.publications.restatements()] == ["s1"]


def test_parts_of_the_standing_value_are_kept_and_no_others(shop: Publisher, tmp_path: Path) -> None:
    shop.deliver_everything()
    shop.publish()
    shop.sales[day(0)] = Decimal(120)
    shop.deliver("orders", day(0))
    shop.publish()

    ledger = sqlite3.connect(tmp_path / "publication.sqlite")
    found = ledger.execute("select publication from parts where week_start = '2026-01-05'").fetchall()
    assert found == [(2,)]
    # The first one is still needed for the week that has not been restated.
    assert ledger.execute("select publication from coverage").fetchall() == [(1,), (2,)]


def test_value_whose_parts_were_not_kept_is_not_split(shop: Publisher, tmp_path: Path) -> None:
    shop.deliver_everything()
    shop.publish()
    with sqlite3.connect(tmp_path / "publication.sqlite") as ledger:
        ledger.execute("delete from parts")
    shop.sales[day(0)] = Decimal(120)
    shop.deliver("orders", day(0))

    assert [(one.cause, one.effect, one.basis) for one in shop.restate()] == [("unknown", 20.0, "parts_not_kept")]


def issue(shop: Publisher) -> None:
    shop.publications.enter_issue(f"s{shop.snapshots}", week(0), "executive", NOW)


def sell(shop: Publisher, amount: int) -> list[tuple[bool, bool]]:
    shop.sales[day(0)] = Decimal(amount)
    shop.deliver("orders", day(0))
    return [(one.was_sent, one.is_correction) for one in shop.restate()]


def test_sent_value_is_corrected_once_it_has_moved_by_more_than_one_per_cent(shop: Publisher) -> None:
    shop.deliver_everything()
    shop.publish()
    assert sell(shop, 150) == [(False, False)]
    issue(shop)

    # 640 was sent; 5 more is 0.8 %, 10 more is 1.6 %, whether or not the report was issued again in between.
    assert sell(shop, 155) == [(True, False)]
    issue(shop)
    assert sell(shop, 160) == [(True, True)]
    # From now on readers know of 650.
    assert sell(shop, 165) == [(True, False)]


def test_value_of_a_week_that_was_not_over_was_not_sent(shop: Publisher) -> None:
    shop.deliver("orders", *WEEK_0[:3])
    shop.deliver("refunds", *WEEK_0)
    shop.publish(day(3))
    issue(shop)
    shop.deliver("orders", *WEEK_0)
    shop.publish()

    assert sell(shop, 300) == [(False, False)]


def week_0_value(shop: Publisher) -> float:
    found = [one.value for one in shop.publications.values() if one.week_start == week(0)][-1]
    assert found is not None
    return found


@pytest.mark.slow
def test_random_histories_list_every_change_of_a_finished_week_with_effects_that_add_up(shop: Publisher) -> None:
    chance = Random(11)
    shop.deliver_everything()
    as_of = LONG_AFTER
    shop.publish(as_of)
    for _ in range(120):
        for _ in range(chance.randint(1, 4)):
            on = day(chance.randrange(7))
            match chance.choice(("orders", "refunds", "rates", "nothing")):
                case "orders":
                    shop.sales[on] = Decimal(chance.randrange(5_000)) / 4
                    shop.deliver("orders", on)
                case "refunds":
                    shop.refunds[on] = Decimal(chance.randrange(500)) / 8
                    shop.deliver("refunds", on)
                case "rates":
                    shop.sales[on] += Decimal("1.25")
                    shop.correct_rate(on)
        before = week_0_value(shop)
        as_of = date.fromordinal(as_of.toordinal() + chance.randint(0, 1))
        found = [one for one in shop.restate(as_of) if one.week_start == week(0)]
        now = week_0_value(shop)
        effects = [Fraction(one.effect) for one in found if one.effect is not None]
        assert sum(effects, Fraction(0)) == Fraction(now) - Fraction(before)
        assert bool(found) == (now != before)

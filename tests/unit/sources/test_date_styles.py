from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.config.source import Source
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.common_rules import declared_options, declared_style
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.contracts.field import Field
from tests.unit.sources.read_files import contract, read, refusal, write

BOTH = ["%m/%d/%Y", "%d/%m/%Y"]


def refunds(style: Any, **yaml: Any) -> Contract:
    columns = {name: {"header": name} for name in ("refund_id", "order_id", "amount")}
    columns["day"] = {"header": "day", "style": style}
    return contract("csv", **{"subject": "refunds", "currency": "EUR", "columns": columns, **yaml})


def file(folder: Path, *days: str) -> Path:
    rows = "".join(f"{number},{number},1,{day}\n" for number, day in enumerate(days, start=1))
    return write(folder, "refund_id,order_id,amount,day\n" + rows)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (("03/04/2026", "13/04/2026"), [date(2026, 4, 3), date(2026, 4, 13)]),
        (("03/04/2026", "04/13/2026"), [date(2026, 3, 4), date(2026, 4, 13)]),
        (("3/4/2026", "3/14/2026"), [date(2026, 3, 4), date(2026, 3, 14)]),
        (("31/12/2025",), [date(2025, 12, 31)]),
        (("05/05/2026", "11/11/2026"), [date(2026, 5, 5), date(2026, 11, 11)]),  # the same day in both styles
    ],
)
def test_one_value_that_fits_only_one_style_decides_for_the_whole_file(
    tmp_path: Path, days: tuple[str, ...], expected: list[date]
) -> None:
    assert sorted(read(file(tmp_path, *days), refunds(BOTH)).column("day")) == sorted(expected)


def test_a_file_whose_dates_can_be_read_in_two_ways_is_refused(tmp_path: Path) -> None:
    refused = refusal(file(tmp_path, "05/05/2026", "03/04/2026", "01/02/2026"), refunds(BOTH))
    assert (refused.line, refused.column) == (3, "day")
    assert refused.found == (
        "'03/04/2026', which is 4 March 2026 (%m/%d/%Y) or 3 April 2026 (%d/%m/%Y),"
        " and no other value of the column tells which"
    )
    assert refused.expected == "dates that can be read in one way only"
    assert "Declare one `style`" in refused.advice


def test_a_declared_style_overrides(tmp_path: Path) -> None:
    path = file(tmp_path, "03/04/2026")
    assert read(path, refunds("%d/%m/%Y")).column("day") == [date(2026, 4, 3)]
    assert read(path, refunds("%m/%d/%Y")).column("day") == [date(2026, 3, 4)]


def test_a_column_in_two_styles_is_refused_where_it_stops_being_readable(tmp_path: Path) -> None:
    refused = refusal(file(tmp_path, "13/04/2026", "04/05/2026", "04/14/2026"), refunds(BOTH))
    assert (refused.line, refused.column, refused.found) == (4, "day", "'04/14/2026'")
    assert refused.expected == "a date written %m/%d/%Y or %d/%m/%Y, the same in the whole column"


def test_values_that_are_no_dates_at_all_are_refused_with_their_line(tmp_path: Path) -> None:
    refused = refusal(file(tmp_path, "13/04/2026", "soon"), refunds(BOTH))
    assert (refused.line, refused.column, refused.found) == (3, "day", "'soon'")


def test_the_value_that_decides_may_stand_at_the_end_of_a_long_file(tmp_path: Path) -> None:
    path = file(tmp_path, *["03/04/2026"] * 30_000, "13/04/2026")
    assert set(read(path, refunds(BOTH)).column("day")) == {date(2026, 4, 3), date(2026, 4, 13)}


def test_iso_and_jalali_are_styles_like_others(tmp_path: Path) -> None:
    assert read(file(tmp_path, "1405-01-15"), refunds(["iso", "jalali"])).column("day") == [date(2026, 4, 4)]
    assert read(file(tmp_path, "2026-04-04"), refunds(["iso", "jalali"])).column("day") == [date(2026, 4, 4)]
    assert read(file(tmp_path, "2026-04-04"), refunds("iso")).column("day") == [date(2026, 4, 4)]


def test_time_stamps_have_styles_too(tmp_path: Path) -> None:
    columns = {name: {"header": name} for name in ("order_id", "day", "customer_key", "gross_items")}
    columns["created_at"] = {"header": "at", "style": ["%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M"]}  # type: ignore[dict-item]
    shop = contract("csv", subject="orders", currency="EUR", columns=columns, constants={"status": "paid"})
    header = "order_id,day,customer_key,gross_items,at\n"
    rows = "1,2026-04-13,c,5,13/04/2026 10:30\n2,2026-04-03,c,5,03/04/2026 10:30\n"
    assert set(read(write(tmp_path, header + rows), shop).column("created_at")) == {
        datetime(2026, 4, 13, 10, 30),
        datetime(2026, 4, 3, 10, 30),
    }
    refused = refusal(write(tmp_path, header + rows.split("\n")[1] + "\n"), shop)
    assert (refused.line, refused.column) == (2, "at")


def test_a_column_that_the_file_lacks_and_a_file_without_rows_need_no_decision(tmp_path: Path) -> None:
    assert read(write(tmp_path, "refund_id,order_id,amount,day\n"), refunds(BOTH)).only == []


def test_rows_that_cannot_be_separated_are_refused_for_that(tmp_path: Path) -> None:
    path = file(tmp_path, "03/04/2026", "13/04/2026,x")
    assert (refusal(path, refunds(BOTH)).line, refusal(path, refunds(BOTH)).found) == (3, "5 cells")


def test_a_record_file_has_styles_too(tmp_path: Path) -> None:
    columns = {name: {"header": name} for name in ("refund_id", "order_id", "amount")}
    columns["day"] = {"header": "day", "style": BOTH}  # type: ignore[dict-item]
    records = contract("jsonl", subject="refunds", currency="EUR", columns=columns)
    row = '{"refund_id": "1", "order_id": "1", "amount": "1", "day": "%s"}\n'
    path = write(tmp_path, row % "03/04/2026" + row % "30/04/2026", "x.jsonl")
    assert date(2026, 4, 3) in read(path, records).column("day")
    assert refusal(write(tmp_path, row % "03/04/2026", "y.jsonl"), records).line == 1


def test_an_unreadable_style_is_a_mistake_of_the_configuration() -> None:
    with pytest.raises(ConfigurationError, match=r"columns\.day\.style: '%d %Q' is neither iso nor jalali nor made"):
        refunds(["%d/%m/%Y", "%d %Q"])


def test_a_known_systems_style_can_be_declared_as_an_option() -> None:
    silent = Source.model_validate({"system": "csv"})
    assert declared_style(silent, ("%m/%d/%Y", "%d/%m/%Y")) == ("%m/%d/%Y", "%d/%m/%Y")
    spoken = Source.model_validate({"system": "csv", "options": {"date_style": "%d/%m/%Y"}})
    assert declared_style(spoken, ("%m/%d/%Y", "%d/%m/%Y")) == ("%d/%m/%Y",)
    assert declared_options("shop", spoken, ("date_style",)) == (("date_style", ("%d/%m/%Y",)),)
    wrong = Source.model_validate({"system": "csv", "options": {"date_style": "DD/MM"}})
    with pytest.raises(ConfigurationError, match=r"shop\.yaml: options\.date_style: 'DD/MM' is neither"):
        declared_options("shop", wrong, ("date_style",))


def test_the_expectation_names_every_style() -> None:
    both = Field("day", ("Day",), "date", styles=("iso", "%d/%m/%Y"))
    assert both.expectation == "a date written YYYY-MM-DD or %d/%m/%Y"

"""Units of money: what an amount is in them, and which of them a company may choose."""

from datetime import date
from decimal import Decimal

import pytest

from kpi_pipeline.config.configuration import check_configuration, load_configuration
from kpi_pipeline.config.money_units import MONEY_UNITS, MoneyUnit, shown_amount
from kpi_pipeline.config.translation import problem_text

CURRENCY = "reporting_currency: IRR"


@pytest.mark.parametrize(
    ("money", "rial", "shown"),
    [
        ("IRR", "123456789.05", "123456789.05"),
        ("toman", "123456789.05", "12345678.905"),
        ("toman", "-5", "-0.5"),
        ("new_rial", "10000", "1"),
        # One qiran.
        ("new_rial", "100", "0.01"),
        # Twenty digits stay what they are.
        ("toman", "12345678901234567890.10", "1234567890123456789.010"),
    ],
)
def test_amounts_stay_exact(money: str, rial: str, shown: str) -> None:
    assert shown_amount(Decimal(rial), money) == Decimal(shown)


def test_amounts_are_shown_in_the_reporting_currency_unless_a_unit_is_chosen(folder):
    assert load_configuration(folder.path).company.money == "IRR"
    folder.change("company.yaml", CURRENCY, f"{CURRENCY}\nmoney_shown_in: toman")
    assert load_configuration(folder.path).company.money == "toman"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            f"{CURRENCY}\nmoney_shown_in: tooman",
            'money_shown_in: "tooman" is no unit of IRR; write toman or leave it out to show IRR',
        ),
        (
            "reporting_currency: EUR\nmoney_shown_in: toman",
            'money_shown_in: "toman" is no unit of EUR; leave it out to show EUR',
        ),
        (
            f"{CURRENCY}\nmoney_shown_in: new_rial",
            'money_shown_in: it is not known here from which day on "new_rial" counts;'
            " choose another unit, or set the announced day in kpi_pipeline/config/money_units.py",
        ),
    ],
)
def test_what_cannot_be_chosen_is_refused_with_what_can(folder, written, message):
    folder.change("company.yaml", CURRENCY, written)
    (problem,) = folder.problems()
    assert str(problem) == f"config/company.yaml:6  CFG025  {message}"
    assert problem_text(problem, "fa") != str(problem)


def test_a_unit_that_begins_later_is_a_warning_until_its_day(folder, monkeypatch):
    monkeypatch.setitem(MONEY_UNITS, "new_rial", MoneyUnit("IRR", Decimal(10_000), date(2027, 12, 1)))
    folder.change("company.yaml", CURRENCY, f"{CURRENCY}\nmoney_shown_in: new_rial")

    def warnings(day: date) -> list[str]:
        configuration, problems = check_configuration(folder.path, day)
        assert configuration is not None
        return [problem.message for problem in problems if problem.code == "CFG025"]

    assert warnings(date(2027, 11, 30)) == ['money_shown_in: people count in "new_rial" from 2027-12-01 on']
    assert warnings(date(2027, 12, 1)) == []

from datetime import date
from typing import Any

import pytest

from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Text
from kpi_pipeline.wording.language import load_language
from kpi_pipeline.wording.phrasing import Phrasing, in_every_language

FSI, LRI, PDI = "\u2068", "\u2066", "\u2069"


def phrasing(language: str = "en", **options: Any) -> Phrasing:
    metric = Metric(
        name=Text(en="Conversion rate", fa="نرخ تبدیل"),
        formula="a / b",
        unit=options.pop("unit", "percent"),
        direction="higher_better",
        source="test",
        **options,
    )
    return Phrasing(load_language(language), metric, "EUR")


def test_names_are_set_apart_where_directions_could_mix() -> None:
    assert phrasing().name == "Conversion rate"
    assert phrasing("fa").name == f"{FSI}نرخ تبدیل{PDI}"


def test_texts_of_the_configuration_lose_their_full_stop_and_whatever_could_break_the_line() -> None:
    text = Text(en="Replace\nthe two weakest.", fa="دو طرح\u202e را جایگزین کنید.")

    assert phrasing().outside(text) == "Replace the two weakest"
    assert phrasing("fa").outside(text) == f"{FSI}دو طرح را جایگزین کنید{PDI}"
    assert phrasing().listed(["ship creatives.", "pause ads"]) == "ship creatives, pause ads"


@pytest.mark.parametrize(
    ("probability", "english"),
    [(0.505, "51%"), (0.0204, "2%"), (0.002, "under 1%"), (0.999, "over 99%"), (0.99, "99%")],
)
def test_no_forecast_is_certain(probability: float, english: str) -> None:
    assert phrasing().chance(probability) == english


def test_numbers_are_written_in_the_unit_of_the_metric() -> None:
    money = phrasing("fa", unit="currency", decimals=0)
    assert money.distance(20_000, 17_720) == "۲٬۲۸۰ یورو"
    assert money.growth(-0.0118, is_relative=True) == f"{LRI}−۱٫۱۸٪{PDI}"
    assert phrasing().growth(0.1538, is_relative=False) == "+0.15 pp"
    assert phrasing().change(2.80, 2.77) == "+0.03 pp"
    assert phrasing("fa").hours(95.6) == "۹۶ ساعت"
    assert phrasing("fa").day(date(2027, 3, 28)) == "۸ فروردین ۱۴۰۶"


def test_a_sentence_is_made_in_every_language() -> None:
    said = in_every_language("finding", phrasing().metric, "EUR", lambda one: one.value(4.6))
    assert said == {"finding_en": "4.60%", "finding_fa": f"{LRI}۴٫۶۰٪{PDI}"}

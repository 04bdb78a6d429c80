from typing import Any

from kpi_pipeline.catalogue.commitments.goal_rows import (
    alignment_rows,
    criterion_rows,
    measurable_objectives,
    owner_rows,
    success_factor_rows,
)
from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.tables.row_tables import CRITERIA
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.goals import Criterion, SuccessFactor
from kpi_pipeline.config.kpi import Kpi
from tests.unit.catalogue.hand_made import configuration, goals, kpi, metric, text

METRICS = {name: metric("ad_clicks", unit="count") for name in ("clicks", "orders", "csat")}
FACTORS = {
    "ads_fit": SuccessFactor(objective="convert", statement=text("Ads fit"), measured_by=("clicking",)),
    "buyers_stay": SuccessFactor(objective="grow", statement=text("Buyers stay"), measured_by=("draft",)),
}


def company(kpis: dict[str, Kpi], **parts: Any) -> Configuration:
    wanted = goals().model_copy(update={"success_factors": FACTORS} | parts)
    departments = {"convert": "marketing", "tune_ads": "marketing"}
    objectives = {
        name: one.model_copy(update={"department": departments.get(name)}) for name, one in wanted.objectives.items()
    }
    return configuration(METRICS, goals=wanted.model_copy(update={"objectives": objectives}), kpis=kpis)


def test_success_factors_are_there_with_and_without_kpis() -> None:
    config = company(
        {
            "clicking": kpi("clicks", "tune_ads", success_factor="other"),
            "buying": kpi("orders", "convert", success_factor="ads_fit"),
            "draft": kpi("orders", "grow", success_factor="buyers_stay", status="draft"),
        }
    )
    found = {row["success_factor_id"]: row for row in success_factor_rows(Audiences(config))}

    assert (found["ads_fit"]["kpi_ids"], found["ads_fit"]["kpis"]) == ("buying, clicking", 2)
    assert found["ads_fit"]["is_covered"] is True
    # Nobody is committed to a draft.
    assert (found["buyers_stay"]["kpi_ids"], found["buyers_stay"]["kpis"]) == (None, 0)
    assert found["buyers_stay"]["is_covered"] is False
    assert found["ads_fit"]["statement_fa"] == "فارسی Ads fit"


def test_criteria_never_have_a_number() -> None:
    assert "double" not in CRITERIA.values()
    assert "integer" not in CRITERIA.values()
    criteria = {
        "ease": Criterion(name=text("Ease of buying"), measured_by=("orders",)),
        "satisfaction": Criterion(name=text("Satisfaction"), measured_by=("csat",)),
        "beauty": Criterion(name=text("Beauty")),
    }
    config = company({"clicking": kpi("clicks", "tune_ads", criterion="ease")}, criteria=criteria)
    found = {row["criterion_id"]: row for row in criterion_rows(config, {"clicks"})}

    assert (found["ease"]["measured_by"], found["ease"]["is_assessable"]) == ("clicking, orders", True)
    assert (found["satisfaction"]["measured_by"], found["satisfaction"]["is_assessable"]) == ("csat", False)
    assert (found["beauty"]["measured_by"], found["beauty"]["is_assessable"]) == (None, False)


def test_objective_is_measurable_once_a_metric_with_data_is_bound() -> None:
    config = company({"clicking": kpi("clicks", "tune_ads"), "buying": kpi("csat", "grow")})

    # The success factor of "convert" names the KPI of the objective below.
    assert measurable_objectives(config, {"clicks"}) == {"tune_ads", "convert"}
    assert measurable_objectives(config, {"csat"}) == {"grow"}
    assert measurable_objectives(config, set()) == set()


def test_departments_show_whether_they_pursue_both_kinds_of_objectives() -> None:
    inner = kpi("clicks", "tune_ads", **{"class": "function"}, function="marketing")
    outer = kpi("orders", "convert", **{"class": "function"}, function="sales")
    (marketing, sales) = alignment_rows(Audiences(company({"clicking": inner, "buying": outer})))

    assert marketing == {
        "department": "marketing",
        "internal_objectives": 1,
        "internal_kpis": 1,
        "external_objectives": 1,
        "external_kpis": 1,
        "is_aligned": True,
    }
    assert (sales["department"], sales["external_objectives"], sales["is_aligned"]) == ("sales", 0, False)
    (alone,) = alignment_rows(Audiences(company({"clicking": kpi("clicks", "tune_ads")})))
    assert (alone["external_kpis"], alone["is_aligned"]) == (0, False)


def test_owners_show_for_how_many_kpis_they_answer() -> None:
    config = company({"clicking": kpi("clicks", "tune_ads"), "draft": kpi("orders", "grow", status="draft")})
    (owner,) = owner_rows(Audiences(config))

    assert (owner["owner_id"], owner["name_fa"], owner["owner_group"]) == ("ceo", "فارسی Chief", "executive")
    assert (owner["is_active"], owner["kpis"]) == (True, 1)

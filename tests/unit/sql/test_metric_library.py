"""The shipped metrics fit the measures that ``sql/measures`` makes."""

import re
from pathlib import Path

import pytest

from kpi_pipeline.catalogue.formulas.formula import Formula, parse_formula
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.validation import validate
from kpi_pipeline.config.yaml_reader import read_yaml
from kpi_pipeline.warehouse.sql_file import SqlFile
from kpi_pipeline.warehouse.sql_project import SqlProject

ZERO_WIDTH_NON_JOINER = "\u200c"
ARABIC_FORMS = re.compile("[يكة٠-٩]")  # Persian has its own letters and digits for these


@pytest.fixture(scope="module")
def metrics(checkout: Path) -> dict[str, Metric]:
    found: dict[str, Metric] = {}
    for path in sorted((checkout / "config" / "metrics").glob("*.yaml")):
        document = read_yaml(path.read_bytes(), path)
        assert document.problems == ()
        for metric_id in document.value:
            assert metric_id not in found
            metric = validate(Metric, document, (metric_id,))
            assert isinstance(metric, Metric), metric
            found[metric_id] = metric
    return found


@pytest.fixture(scope="module")
def measure_files(sql_project: SqlProject) -> dict[str, SqlFile]:
    return {measure.name: file for file in sql_project.files for measure in file.measures}


@pytest.fixture(scope="module")
def formulas(metrics: dict[str, Metric]) -> dict[str, Formula]:
    return {metric_id: parse_formula(metric.formula, metric_id) for metric_id, metric in metrics.items()}


def test_every_name_in_a_formula_is_a_measure(formulas: dict[str, Formula], measure_files: dict[str, SqlFile]) -> None:
    names = {name for formula in formulas.values() for name in formula.measures}
    assert names - set(measure_files) == set()


def test_options_name_measures_of_their_own_formula(metrics: dict[str, Metric], formulas: dict[str, Formula]) -> None:
    for metric_id, metric in metrics.items():
        assert {*metric.lagged, *metric.optional} <= set(formulas[metric_id].measures), metric_id
        assert bool(metric.lagged) == bool(metric.cost_lag_weeks), metric_id


def test_a_metric_is_split_only_by_dimensions_that_all_its_measures_have(
    metrics: dict[str, Metric], formulas: dict[str, Formula], measure_files: dict[str, SqlFile]
) -> None:
    for metric_id, metric in metrics.items():
        divided = set(formulas[metric_id].measures) - set(metric.undivided)
        files = [measure_files[name] for name in divided]
        common = set.intersection(*(set(file.dimensions) for file in files))
        assert set(metric.dimensions or ()) <= common, metric_id


def test_cohorts_are_judged_only_when_the_youngest_customer_has_reached_the_age(metrics: dict[str, Metric]) -> None:
    for metric_id, metric in metrics.items():
        # An age of less than a week is reached before the next week is over: a value comes late, but it comes.
        if metric.cohort_age_days and metric.cohort_age_days >= 7:
            assert 7 * metric.shift_weeks >= metric.cohort_age_days, metric_id


def test_platform_conversions_are_never_added_up_over_platforms(
    metrics: dict[str, Metric], formulas: dict[str, Formula]
) -> None:
    claimed = {"ad_conversions", "ad_conversion_value", "ad_leads"}
    for metric_id, formula in formulas.items():
        if claimed & set(formula.measures):
            assert not metrics[metric_id].has_total, metric_id
            assert set(metrics[metric_id].dimensions or ()) <= {"claimed_by", "claiming_campaign"}, metric_id


def test_texts_are_sentences_in_both_languages(metrics: dict[str, Metric]) -> None:
    for metric_id, metric in metrics.items():
        assert metric.definition is not None, metric_id
        for text in (metric.definition.en, metric.definition.fa):
            assert text.endswith("."), metric_id
        for text in (metric.name.fa, metric.definition.fa):
            assert not ARABIC_FORMS.search(text), metric_id
            # A joiner stands inside a word, never beside a space or doubled.
            assert not re.search(rf"{ZERO_WIDTH_NON_JOINER}(\s|{ZERO_WIDTH_NON_JOINER}|$)", text), metric_id
        assert metric.source

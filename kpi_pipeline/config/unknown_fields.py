"""What is said about a field that no model has.

Here: the nearest known field, and for words that people bring along from elsewhere, what stands in their place. Add a
word when somebody looked for it in vain.
"""

from typing import get_args

from pydantic import BaseModel

from kpi_pipeline.config.goals import Criterion
from kpi_pipeline.config.kpi import Kpi, Target
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Model
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem, did_you_mean
from kpi_pipeline.config.yaml_reader import Location, YamlDocument

NO_NUMBER = Phrase("a criterion carries no number; name metrics in measured_by")
OF_THE_METRIC = Phrase("it belongs to the metric, in the folder metrics")
OF_THE_KPI = Phrase("it belongs to a KPI, in the folder kpis")
ONE_FORMULA = Phrase("write one formula such as clicks / impressions; sums are implied")
NEVER_A_NUMBER = Phrase("a zero denominator or a missing source never gives a number; there is nothing to set")
NO_BENCHMARK = Phrase("a benchmark is no target; mention it in why")

HINTS: dict[type[BaseModel], dict[Phrase, tuple[str, ...]]] = {
    Criterion: {NO_NUMBER: ("value", "target", "unit", "formula", "number", "baseline")},
    Kpi: {
        OF_THE_METRIC: (
            *("name", "definition", "formula", "numerator", "denominator", "unit", "decimals", "scale", "form"),
            *("direction", "aggregation", "filter", "dimensions", "grains", "time", "source", "trailing_weeks"),
        ),
        NEVER_A_NUMBER: ("null_policy", "zero_denominator", "missing_source"),
    },
    Metric: {
        ONE_FORMULA: ("numerator", "denominator", "aggregation", "form", "scale"),
        OF_THE_KPI: ("objective", "owner", "who", "target", "deadline", "why", "answers", "actions"),
        NEVER_A_NUMBER: ("null_policy", "zero_denominator", "missing_source"),
    },
    Target: {NO_BENCHMARK: ("benchmark", "benchmarks", "industry_average")},
}


def unknown_field(document: YamlDocument, place: Location, field: Location, around: list[type[BaseModel]]) -> Problem:
    """Return the problem of a field that the models around it do not have."""
    name, line = str(field[-1]), document.line_of(place)
    if name == "audience" and Kpi in around:
        message = Phrase("an audience is not typed in: it follows from the objective")
        reason = Phrase("remove it; internal objectives stay inside, all others go to executives")
        return Problem(document.path, line, "KPI050", message, reason)
    words: dict[str, str] = {
        word: hint for model in around for hint, found in HINTS.get(model, {}).items() for word in found
    }
    known = {info.alias or key for model in around for key, info in model.model_fields.items()}
    hint = words[name] if name in words else did_you_mean(name, known)
    return Problem(document.path, line, "KPI002", Phrase('unknown field "{field}"', field=name), hint)


def models_around(model: type[Model], field: Location) -> list[type[BaseModel]]:
    """Return the models that an unknown field was looked for in."""
    models: list[type[BaseModel]] = [model]
    for part in field[:-1]:
        annotations = [found.model_fields[part].annotation for found in models if part in found.model_fields]
        models = [inner for annotation in annotations for inner in _models_in(annotation)] or models
    return models


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]

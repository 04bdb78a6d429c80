"""A mapping for a file of no known system: a subject, its columns, and how their values are written.

Here: what follows from the header's names and from the sample's values. Where two readings fit, neither is taken. Known
systems belong to ``suggestion``, names to ``known_names``, the readings of values to ``value_styles``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kpi_pipeline.sources.contracts.field import NumberStyle
from kpi_pipeline.sources.files.header_binding import comparable
from kpi_pipeline.sources.subjects import SUBJECTS
from kpi_pipeline.sources.suggestions.known_names import known_names, nearest_column
from kpi_pipeline.sources.suggestions.sample import Sample
from kpi_pipeline.sources.suggestions.suggestion_draft import Draft
from kpi_pipeline.sources.suggestions.value_styles import (
    ISO,
    day_styles,
    has_offsets,
    number_styles,
    time_styles,
    without_empty,
)
from kpi_pipeline.sources.values.personal_data import announced

CLOSE_SCORES = 1.0
_UNITS = {"toman": ("IRR", "10"), "تومان": ("IRR", "10"), "rial": ("IRR", "1"), "ریال": ("IRR", "1")}
_STATUSES = ("pending", "paid", "partially_refunded", "refunded", "cancelled", "failed")
_NUMBERS = ("bigint", "integer", "double", "decimal")


@dataclass(frozen=True)
class ColumnMapping:
    """Which column of the file each canonical column of a subject is.

    Attributes:
        sure: canonical column → position in the header.
        likely: the same, where only part of the name agrees.
    """

    subject: str
    sure: Mapping[str, int]
    likely: Mapping[str, int]

    @property
    def missing(self) -> list[str]:
        """The required columns that no name stands for."""
        given = {*self.sure, "currency"}
        if given & {"created_at", "day"}:
            given |= {"created_at", "day"}
        return [column for column in SUBJECTS[self.subject].required if column not in given]

    @property
    def score(self) -> float:
        """How well the subject fits: what it needs first, then how much of the file it takes."""
        required = SUBJECTS[self.subject].required
        return 10 * (1 - len(self.missing) / len(required)) + len(self.sure) + len(self.likely) / 4


def suggest_mapping(sample: Sample, draft: Draft) -> None:
    """Add a subject, columns and styles to a draft."""
    ranked = sorted((_mapping(sample, subject) for subject in SUBJECTS), key=lambda entry: -entry.score)
    best, second = ranked[:2]
    if len(best.sure) < 2:
        draft.doubt("subject: ...", f"no subject has columns called like these: {', '.join(sample.header)}")
        return
    if best.score - second.score < CLOSE_SCORES:
        draft.doubt(f"subject: {best.subject}", f"{second.subject} fits the names nearly as well")
    else:
        draft.set("subject", best.subject)
        draft.found(f"the columns are those of {best.subject}")
    _currency(sample, best, draft)
    numbers = _number_style(sample, best, draft)
    draft.lines.append("columns:")
    for column, position in best.sure.items():
        _column(sample, best, column, position, numbers, draft)
    if "created_at" in best.sure and "day" not in best.sure and "day" in SUBJECTS[best.subject].required:
        _column(sample, best, "day", best.sure["created_at"], numbers, draft)
    for column, position in best.likely.items():
        header = sample.header[position]
        draft.doubt(f"{column}: {{header: {header!r}}}", f"{header!r} is only similar to the name", indent=4)
    for column in best.missing:
        draft.doubt(
            f"{column}: {{header: ...}}", f"{best.subject} needs it, and no column is called like that", indent=4
        )
    taken = {*best.sure.values(), *best.likely.values()}
    if unused := [name for position, name in enumerate(sample.header) if position not in taken]:
        draft.found(f"not used: {', '.join(unused)}")


def _mapping(sample: Sample, subject: str) -> ColumnMapping:
    names = known_names(subject)
    sure: dict[str, int] = {}
    likely: dict[str, int] = {}
    for position, header in enumerate(sample.header):
        # A unit in parentheses says how to read a column, not what it is.
        bare = re.sub(r"\s*[(\[].*?[)\]]\s*$", "", header)
        column = names.get(comparable(header)) or names.get(comparable(bare.replace("_", " ")))
        if column and column not in sure and _can_be(sample, position, SUBJECTS[subject].columns[column]):
            sure[column] = position
    for position, header in enumerate(sample.header):
        near = None if position in sure.values() else nearest_column(header, subject)
        if near and near not in sure and near not in likely and announced([header]) is None:
            likely[near] = position
    return ColumnMapping(subject, sure, likely)


def _can_be(sample: Sample, position: int, data_type: str) -> bool:
    values, _empty = without_empty(sample.column(position))
    if not values:
        return True
    if data_type.startswith(_NUMBERS):
        return bool(number_styles([_without_unit(value) for value in values]))
    if data_type in ("date", "timestamp"):
        return bool(day_styles(values) or time_styles(values))
    return data_type != "boolean" or {value.lower() for value in values} <= {"true", "false", "yes", "no", "1", "0"}


def _without_unit(value: str) -> str:
    return re.sub(r"(تومان|ریال|[€$£%])", "", value).strip()


def _currency(sample: Sample, mapping: ColumnMapping, draft: Draft) -> None:
    if "currency" not in SUBJECTS[mapping.subject].columns or "currency" in mapping.sure:
        return
    texts = [comparable(sample.header[position]) for position in mapping.sure.values()]
    named = {currency for word, (currency, _) in _UNITS.items() if any(word in text for text in texts)}
    named |= {code for text in sample.header for code in re.findall(r"[(\[ ]([A-Z]{3})[)\]]?$", text)}
    if len(named) == 1:
        (currency,) = named
        draft.set("currency", currency)
        draft.found(f"the header says that amounts are in {currency}")
    else:
        draft.doubt("currency: EUR", "the file does not say its currency")


def _number_style(sample: Sample, mapping: ColumnMapping, draft: Draft) -> list[NumberStyle]:
    values = [
        _without_unit(value)
        for column, position in mapping.sure.items()
        if SUBJECTS[mapping.subject].columns[column].startswith(_NUMBERS)
        for value in without_empty(sample.column(position))[0]
    ]
    styles = number_styles(values)
    if len(styles) == 1 and styles[0] != NumberStyle():
        draft.set("decimal_separator", styles[0].decimal_separator)
        draft.set("thousands_separator", styles[0].thousands_separator)
        draft.found(f"numbers are written with {styles[0].decimal_separator!r} before their decimals")
    elif len(styles) > 1:
        example = next(value for value in values if re.search(r"\D", value.lstrip("-")))
        choices = " or ".join(repr(style.decimal_separator) for style in styles)
        draft.doubt(
            f"decimal_separator: {styles[0].decimal_separator!r}",
            f"{example} may be a whole number or one with decimals; say decimal_separator ({choices}) and "
            "thousands_separator",
        )
    elif values and not styles:
        draft.doubt("decimal_separator: '.'", "numbers are not written in one style")
    return styles


def _column(
    sample: Sample, mapping: ColumnMapping, column: str, position: int, numbers: list[NumberStyle], draft: Draft
) -> None:
    header, data_type = sample.header[position], SUBJECTS[mapping.subject].columns[column]
    values, empty = without_empty(sample.column(position))
    entry: dict[str, object] = {"header": header}
    if empty and data_type != "varchar":
        entry["empty_as"] = empty
    doubts: list[tuple[str, str]] = []
    if data_type in ("date", "timestamp"):
        doubts += _time(entry, values, data_type)
    elif data_type.startswith(_NUMBERS):
        doubts += _unit(entry, header, values)
    elif data_type == "varchar":
        doubts += _text(entry, mapping.subject, column, header, values)
    if any(len(row[position].strip()) == 0 for row in sample.rows) and column not in SUBJECTS[mapping.subject].required:
        entry["required"] = False
    draft.set(column, entry, indent=4)
    for setting, sentence in doubts:
        draft.doubt(f"{column}.{setting}", sentence, indent=4)


def _time(entry: dict[str, object], values: list[str], data_type: str) -> list[tuple[str, str]]:
    days, times = day_styles(values), time_styles(values)
    styles = days or times
    if times and data_type == "date":
        entry["type"] = "timestamp"
    if len(styles) == 1:
        if styles != [ISO]:
            entry["style"] = styles[0]
        if times and data_type == "timestamp" and not has_offsets(values):
            return [("time_zone: Europe/Berlin", "the times have no offset; without time_zone they count as UTC")]
        return []
    if not styles:
        return [("style: ...", "there are no values to tell how it is written")] if not values else []
    example = next(iter(values))
    return [(f"style: {written_styles(styles)}", f"{example} can be read in each of these ways")]


def written_styles(styles: list[str]) -> str:
    """Return styles as a person may choose between them."""
    return " or ".join(f'"{style}"' for style in styles)


def _unit(entry: dict[str, object], header: str, values: list[str]) -> list[tuple[str, str]]:
    name = comparable(header)
    for word, (_, scale) in _UNITS.items():
        if scale != "1" and word in name:
            entry["scale"] = scale
    if "micros" in name:
        entry["scale"], entry["rounding"] = "0.000001", True
    marks = {mark for value in values for mark in re.findall(r"تومان|ریال|[€$£%]", value)}
    if len(marks) == 1:
        (mark,) = marks
        entry["strip"] = mark
        if mark == "تومان" and "scale" not in entry:
            entry["scale"] = "10"
        if mark == "%":
            return [("scale: '0.01'", "a percentage; say whether 5 % is to be kept as 5 or as 0.05")]
    elif marks:
        return [("strip: ...", f"values with different units: {', '.join(sorted(marks))}")]
    return []


def _text(entry: dict[str, object], subject: str, column: str, header: str, values: list[str]) -> list[tuple[str, str]]:
    if announced([header, column]) or (column == "customer_key" and any("@" in value for value in values)):
        entry["personal"] = True
    if column in ("comment", "memo"):
        entry["free_text"] = True
    if (subject, column) == ("orders", "status"):
        unknown = sorted({value for value in values if value not in _STATUSES})[:12]
        if unknown:
            listed = ", ".join(f"{value}: paid" for value in unknown)
            return [(f"values: {{{listed}}}", f"a status is one of {', '.join(_STATUSES)}")]
    return []

import re
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from kpi_pipeline.analysis.forecast import Scale
from kpi_pipeline.analysis.good_kpi import Property
from kpi_pipeline.analysis.pace import PaceStatus
from kpi_pipeline.analysis.relation_verdict import CONFIRMING, EvidenceState
from kpi_pipeline.analysis.smart import Feasibility, MeasurabilityFault, Verdict
from kpi_pipeline.catalogue.snapshots.quality import NEUTRAL_MESSAGES
from kpi_pipeline.config.commitment import PARTS
from kpi_pipeline.config.kpi import Scope
from kpi_pipeline.errors import ReportError
from kpi_pipeline.wording import language as language_module
from kpi_pipeline.wording.language import load_language
from kpi_pipeline.wording.numbers import COUNTED_UNITS

LANGUAGES = ("en", "fa")
JUDGED = (*CONFIRMING, "no_evidence", "contradicts")
IMPACTS = ("self", "identity", "coupled", "contradicted", "hypothesis", "expired", "none")
PACKAGE = Path(language_module.__file__).parent


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_there_is_a_catalogue_for_every_language_of_the_configuration() -> None:
    assert sorted(path.stem for path in (PACKAGE / "messages").iterdir()) == sorted(LANGUAGES)


@pytest.mark.parametrize("code", LANGUAGES)
def test_catalogues_have_the_same_keys(code: str) -> None:
    assert load_language(code).messages.keys() == load_language("en").messages.keys()
    assert load_language(code).patterns.keys() == load_language("en").patterns.keys()
    assert load_language(code).currencies.keys() == load_language("en").currencies.keys()


@pytest.mark.parametrize("code", LANGUAGES)
def test_messages_ask_for_the_same_values(code: str) -> None:
    english = load_language("en").messages
    for key, text in load_language(code).messages.items():
        # A singular form may say its number in words.
        allowed = placeholders(english[key]) | placeholders(english[re.sub(r"\.one$", ".other", key)])
        assert placeholders(text) <= allowed, key


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_message_says_something_and_plurals_are_complete(code: str) -> None:
    messages = load_language(code).messages
    assert all(text.strip() for text in messages.values())
    singular = {key.removesuffix(".one") for key in messages if key.endswith(".one")}
    assert singular == {
        key.removesuffix(".other") for key in messages if key.endswith(".other") and key != "quality.other"
    }


def test_persian_has_no_latin_letters_or_digits_outside_placeholders() -> None:
    for key, text in load_language("fa").messages.items():
        assert not re.search(r"[A-Za-z0-9]", re.sub(r"\{\w+\}", "", text)), key


def test_persian_uses_persian_letters() -> None:
    assert not re.search("[كيىة]", "".join(load_language("fa").messages.values()))


def test_every_text_that_the_code_names_exists() -> None:
    speaking = [path for name in ("wording", "catalogue", "reports") for path in (PACKAGE.parent / name).glob("*.py")]
    source = "".join(path.read_text(encoding="utf-8") for path in speaking)
    messages = load_language("en").messages
    named = set(re.findall(r'\.(?:text|say)\(\s*"([a-z_.]+)"', source)) | set(
        re.findall(r'reason = "(kpi\.[a-z_]+)"', source)
    )
    plural = set(re.findall(r'\.plural\(\s*"([a-z_.]+)"', source))
    assert named and plural
    assert named <= messages.keys()
    assert {f"{key}.{form}" for key in plural for form in ("one", "other")} <= messages.keys()


def test_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(ReportError, match=r"language 'de'.*en, fa"):
        load_language("de")
    with pytest.raises(ReportError, match="no message catalogue"):
        load_language("../messages/en")


def test_unknown_text_names_the_catalogue() -> None:
    with pytest.raises(ReportError, match=r"messages/fa\.yaml.*'kpi\.nothing'"):
        load_language("fa").text("kpi.nothing")


def test_values_with_braces_are_left_alone() -> None:
    assert load_language("en").text("page.snapshot", id="{0} {x}") == "Snapshot {0} {x}"


def test_plural_forms() -> None:
    english = load_language("en")
    assert english.plural("unit.months", 1, number="1") == "1 month"
    assert english.plural("unit.months", 2, number="2") == "2 months"


def test_every_word_that_a_sentence_may_be_about_has_its_text() -> None:
    families = {
        "smart": (*get_args(Feasibility), *get_args(MeasurabilityFault)),
        "good": [f"impact_{found}" for found in (*IMPACTS, *CONFIRMING, *get_args(EvidenceState)[1:3])],
        "relation": [*JUDGED, *(f"verdict.{word}" for word in JUDGED)],
        "relation.step": get_args(Scale),
        "relation.effect": get_args(Scale),
        "pace_in_sentence": get_args(PaceStatus),
        "verdict": get_args(Verdict),
        "property": get_args(Property),
        "scope": get_args(Scope),
        "missing": ("status", *PARTS),
        "quality": NEUTRAL_MESSAGES,
    }
    messages = load_language("en").messages
    wanted = {f"{section}.{word}" for section, words in families.items() for word in words}
    assert wanted - messages.keys() == set()
    counted = {f"unit.{unit}.{form}" for unit in COUNTED_UNITS for form in ("one", "other")}
    assert counted - messages.keys() == set()

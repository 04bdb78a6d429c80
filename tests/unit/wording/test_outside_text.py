import pytest

from kpi_pipeline.wording.outside_text import clean_text, isolate, isolate_number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Paid Search", "Paid Search"),
        ("  two\r\nlines\tand\u2028more ", "two lines and more"),
        ("nul\x00bell\x07", "nulbell"),
        ("\u202eevil\u202c \u2066isolate\u2069 \u200fmark", "evil isolate mark"),
        # The zero-width non-joiner is part of Persian spelling.
        ("نیم\u200cفاصله", "نیم\u200cفاصله"),
        ("lone\ud800 surrogate", "lone surrogate"),
        ("", ""),
    ],
)
def test_clean_text_is_one_harmless_line(text: str, expected: str) -> None:
    assert clean_text(text) == expected


def test_long_text_is_cut_and_says_so() -> None:
    assert clean_text("W" * 5000, 20) == "W" * 19 + "…"
    assert clean_text("W" * 20, 20) == "W" * 20


def test_isolates_are_closed() -> None:
    assert isolate("نام") == "\u2068نام\u2069"
    assert isolate_number("−۳") == "\u2066−۳\u2069"

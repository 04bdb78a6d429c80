from datetime import date

import pytest

from kpi_pipeline.sources.files.stated_range import stated_range


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Campaign report", '"July 8, 2025 - July 31, 2025"'], (date(2025, 7, 8), date(2025, 7, 31))),
        (["27 January 2026 - 23 February 2026"], (date(2026, 1, 27), date(2026, 2, 23))),
        (['"July 18, 2026 - August 16, 2026",,,,'], (date(2026, 7, 18), date(2026, 8, 16))),
        (["1 Sept. 2026"], (date(2026, 9, 1), date(2026, 9, 1))),
        (['"1 sept. 2026 - 2 déc. 2026"'], (date(2026, 9, 1), date(2026, 12, 2))),
        (["1 juin 2026 - 4 juillet 2026"], (date(2026, 6, 1), date(2026, 7, 4))),
        (["1 jui. 2026 - 4 juillet 2026"], None),
        (['"1. März 2026 - 2. Oktober 2026"'], (date(2026, 3, 1), date(2026, 10, 2))),
        (["31 February 2026"], None),
        (['"Report Time: 9/1/2026,9/13/2026"'], (date(2026, 9, 1), date(2026, 9, 13))),
        (['"Report Time:","9/1/2026,9/13/2026"'], (date(2026, 9, 1), date(2026, 9, 13))),
        (["Report Time: 13/9/2026,14/9/2026"], None),
        (["1 Sep 2026"], (date(2026, 9, 1), date(2026, 9, 1))),
        (["2026-09-01 - 2026-09-03"], (date(2026, 9, 1), date(2026, 9, 3))),
        (["# Shop", "# 20241122-20260120", "# ----"], (date(2024, 11, 22), date(2026, 1, 20))),
        (["# Start date: 20230424", "# End date: 20230521"], (date(2023, 4, 24), date(2023, 5, 21))),
        (["# Start date: 20230424"], None),
        (["# 20241322-20260120"], None),
        (["August 16, 2026 - July 18, 2026"], None),
        (["Campaigns of 2026"], None),
        ([], None),
    ],
)
def test_attested_spellings(lines: list[str], expected: tuple[date, date] | None) -> None:
    assert stated_range(lines) == expected

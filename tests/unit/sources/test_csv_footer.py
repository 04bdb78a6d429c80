from pathlib import Path

import pytest

from kpi_pipeline.sources.files.csv_footer import copy_without_footer, read_csv_footer
from tests.unit.sources.read_files import write

ROWS = "Day,Clicks\n2026-09-01,4\n2026-09-02,9\n"
PATTERN = r"[^,]+ report|[©@]\d{4} Somebody.*"


@pytest.mark.parametrize(
    ("footer", "lines"),
    [
        ("Click report\n", ("Click report",)),
        ('Click report,\n"July 18, 2026 - August 16, 2026",', ("Click report", "July 18, 2026 - August 16, 2026")),
        ('\n\n"©2026 Somebody. All rights reserved. "\n\n', ("©2026 Somebody. All rights reserved.",)),
    ],
)
def test_a_footer_begins_with_a_line_of_its_pattern(tmp_path: Path, footer: str, lines: tuple[str, ...]) -> None:
    path = write(tmp_path, ROWS + footer)
    found = read_csv_footer(path, PATTERN)
    assert found.lines == lines
    copy = copy_without_footer(path, found, tmp_path / "scratch")
    assert copy.read_text().rstrip("\n") == ROWS.rstrip("\n")


@pytest.mark.parametrize(
    "end",
    ["", "2026-09-03", '"July 18, 2026 - August 16, 2026"\n', "Click rep", "Click report\n2026-09-03,1\n"],
)
def test_rows_and_cut_rows_are_no_footer(tmp_path: Path, end: str) -> None:
    assert read_csv_footer(write(tmp_path, ROWS + end), PATTERN).lines == ()


def test_a_copy_of_many_chunks_ends_above_the_footer(tmp_path: Path) -> None:
    rows = "2026-09-01,4\n" * 200_000
    path = write(tmp_path, rows + "Click report\n")
    copy = copy_without_footer(path, read_csv_footer(path, PATTERN), tmp_path / "scratch")
    assert copy.stat().st_size == len(rows)

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from kpi_pipeline.reports.archive import write_archive
from kpi_pipeline.reports.issue import write_weekly_report

WEEK = date(2026, 11, 9)


def issued(new_snapshot: Callable[..., Any], tmp_path: Path, audience: str) -> Path:
    maker = new_snapshot(audience)
    maker.add_kpi("conversion", name_en="<b>Conversion</b>")
    pointer = tmp_path / "published" / f"{audience}.duckdb"
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(maker.write())
    for language in ("en", "fa"):
        write_weekly_report(
            tmp_path / "published", tmp_path / "reports", audience=audience, week_start=WEEK, language=language
        )
    return tmp_path / "reports"


def test_each_audience_has_a_folder_of_its_own_with_an_index_in_each_language(
    new_snapshot: Callable[..., Any], tmp_path: Path
) -> None:
    for audience in ("executive", "internal"):
        index = write_archive(issued(new_snapshot, tmp_path, audience), tmp_path / "site", audience)
        assert index == tmp_path / "site" / audience / "index.html"
        english, persian = (
            index.read_text(encoding="utf-8"),
            (index.parent / "index.fa.html").read_text(encoding="utf-8"),
        )
        assert '<a href="2026-11-09/report.en.html">Week 9–15 Nov 2026</a>' in english
        assert 'dir="rtl"' in persian
        assert "هفتهٔ ۱۸ تا ۲۴ آبان ۱۴۰۵" in persian
        for ending in ("html", "pdf", "xlsx"):
            served = index.parent / "2026-11-09" / f"report.en.{ending}"
            assert served.read_bytes() == (tmp_path / "reports" / audience / "2026-11-09" / served.name).read_bytes()
    assert "internal" not in (tmp_path / "site" / "executive" / "index.html").read_text(encoding="utf-8").lower()


def test_writing_it_again_changes_nothing(new_snapshot: Callable[..., Any], tmp_path: Path) -> None:
    reports = issued(new_snapshot, tmp_path, "executive")
    states = []
    for _ in range(2):
        write_archive(reports, tmp_path / "site", "executive")
        files = sorted((tmp_path / "site").rglob("*.*"))
        states.append([(path, path.read_bytes()) for path in files])
    assert states[0] == states[1]

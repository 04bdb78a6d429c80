import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kpi_pipeline.sources.custody.inbox import export_time, is_as_listed, scan_inbox
from kpi_pipeline.sources.files.refused_file import RefusedFile

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
NOW_SECONDS = NOW.timestamp()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox" / "ads"
    folder.mkdir(parents=True)
    return folder


def dropped(folder: Path, name: str, age_seconds: float = 60, content: str = "a") -> Path:
    path = folder / name
    path.write_text(content)
    os.utime(path, (NOW_SECONDS - age_seconds, NOW_SECONDS - age_seconds))
    return path


def names(folder: Path, pattern: str = "*", settle_seconds: float = 2) -> list[str]:
    return [file.name for file in scan_inbox(folder, pattern, now=NOW, settle_seconds=settle_seconds).files]


def test_files_are_listed_by_name_with_size_and_time(inbox: Path) -> None:
    dropped(inbox, "b.csv", content="1234")
    dropped(inbox, "a.csv")

    scan = scan_inbox(inbox, "*.csv", now=NOW, settle_seconds=2)

    assert [file.name for file in scan.files] == ["a.csv", "b.csv"]
    assert scan.files[1].size == 4
    assert scan.files[1].modified_ns == int(NOW_SECONDS - 60) * 1_000_000_000


def test_an_inbox_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert names(tmp_path / "nothing") == []


def test_only_names_that_match_the_sources_glob_are_taken_and_no_folders(inbox: Path) -> None:
    dropped(inbox, "campaigns 2026.csv")
    dropped(inbox, "keywords 2026.csv")
    (inbox / "campaigns folder.csv").mkdir()

    assert names(inbox, "campaigns *.csv") == ["campaigns 2026.csv"]


@pytest.mark.parametrize(
    "name",
    [
        *(".hidden.csv", "~$export.xlsx", "a.csv.part", "a.csv.TMP", "a.csv.crdownload", "a.csv.partial"),
        *("a.csv.filepart", "a.csv.download"),
    ],
)
def test_files_that_a_program_is_still_fetching_are_ignored(inbox: Path, name: str) -> None:
    dropped(inbox, name)
    assert names(inbox) == []


def test_a_file_that_was_just_written_is_left_for_the_next_run(inbox: Path) -> None:
    dropped(inbox, "settled.csv", age_seconds=2)
    dropped(inbox, "fresh.csv", age_seconds=1)

    scan = scan_inbox(inbox, "*", now=NOW, settle_seconds=2)

    assert [file.name for file in scan.files] == ["settled.csv"]
    assert scan.unsettled == ("fresh.csv",)
    assert names(inbox, settle_seconds=0) == ["fresh.csv", "settled.csv"]


def test_a_file_that_grew_since_it_was_listed_is_told(inbox: Path) -> None:
    dropped(inbox, "a.csv", content="half")
    (file,) = scan_inbox(inbox, "*", now=NOW, settle_seconds=2).files
    assert is_as_listed(file)
    dropped(inbox, "a.csv", content="half and more")  # by a machine whose clock is behind: the time looks settled
    assert not is_as_listed(file)


def test_a_file_of_a_machine_whose_clock_is_wrong_is_taken_all_the_same(inbox: Path) -> None:
    dropped(inbox, "tomorrow.csv", age_seconds=-86400)
    assert names(inbox) == ["tomorrow.csv"]


def test_a_link_out_of_the_inbox_is_refused_and_one_inside_is_followed(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (inbox / "out.csv").symlink_to(tmp_path / "secret")
    (inbox / "nowhere.csv").symlink_to(inbox / "gone")
    (inbox / "inside.csv").symlink_to(dropped(inbox, "a.csv"))

    scan = scan_inbox(inbox, "*", now=NOW, settle_seconds=2)

    assert [(file.name, file.path.name) for file in scan.files] == [("a.csv", "a.csv"), ("inside.csv", "a.csv")]
    assert [refused.file for refused in scan.refused] == ["nowhere.csv", "out.csv"]
    assert "link that leads out of the inbox" in str(scan.refused[1])


def test_an_inbox_behind_a_link_is_an_inbox(inbox: Path, tmp_path: Path) -> None:
    dropped(inbox, "a.csv")
    (inbox / "inside.csv").symlink_to("a.csv")
    (tmp_path / "linked").symlink_to(inbox)

    assert names(tmp_path / "linked") == ["a.csv", "inside.csv"]


@pytest.mark.parametrize("name", ["line\nbreak.csv", "quo'te\".csv", "‮txt.csv", "<b>.csv", "a" * 251 + ".csv"])
def test_strange_names_are_only_names(inbox: Path, name: str) -> None:
    dropped(inbox, name)
    assert names(inbox) == [name]


def test_a_name_that_is_not_utf8_becomes_printable(inbox: Path) -> None:
    dropped(inbox, os.fsdecode(b"caf\xe9.csv"))
    assert names(inbox) == ["caf\\xe9.csv"]


@pytest.mark.parametrize(
    ("file_name", "pattern", "expected"),
    [
        ("ads_2026-11-20.csv", r"_([\d-]+)\.csv$", datetime(2026, 11, 20)),
        ("ads_20261120.csv", r"_(\d{8})\.csv$", datetime(2026, 11, 20)),
        ("ads_2026-11-20T06-00-01.csv", r"_(.+)\.csv$", datetime(2026, 11, 20, 6, 0, 1)),
        ("ads_20261120T060001Z.csv", r"_(.+)\.csv$", datetime(2026, 11, 20, 6, 0, 1)),
    ],
)
def test_the_name_says_when_a_file_was_exported(file_name: str, pattern: str, expected: datetime) -> None:
    assert export_time(file_name, 0, pattern) == expected


def test_without_a_pattern_the_modification_time_counts_to_the_microsecond() -> None:
    # 2026-11-20 06:00:00.123456 UTC
    assert export_time("a.csv", 1_795_154_400_123_456_789, None) == datetime(2026, 11, 20, 6, 0, 0, 123456)


@pytest.mark.parametrize(
    ("file_name", "found"),
    [
        ("ads.csv", "without the time of the export"),
        ("ads_2026-13-20.csv", "'2026-13-20'"),
        ("ads_2026-02-30.csv", "'2026-02-30'"),
        ("ads_202611.csv", "'202611'"),
        ("ads_20-11-2026.csv", "'20-11-2026'"),
        ("ads_2026-11-20T25-00-00.csv", "'2026-11-20T25-00-00'"),
    ],
)
def test_a_name_without_a_real_date_is_refused(file_name: str, found: str) -> None:
    with pytest.raises(RefusedFile, match=found):
        export_time(file_name, 0, r"_(.+)\.csv$")

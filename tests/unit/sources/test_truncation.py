"""Exports cut at every byte: what is left is refused, or whole, or said to have an end that cannot be verified."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.files.reading import prepare_file, verify_totals
from kpi_pipeline.sources.files.refused_file import RefusedFile
from tests.fault_figures import note_figures
from tests.unit.sources.read_files import contract

# `make faults` cuts at every byte; the default suite around every end of a line, and at every sixteenth byte.
STEP = int(os.environ.get("KPI_CUT_STEP", "16"))
DAYS = 28
CAMPAIGNS = ("Spring sale | shoes | brand and generic", 'Autumn, "new" prices | shopping', "Été – vidéo", "آزمایش")
EXTRA = ("Campaign status", "Budget name", "Campaign type", "Bid strategy type", "Status reasons", "Optimization score")
HEADER = ("Day", "Campaign", "Campaign ID", "Currency code", *EXTRA, "Cost", "Impr.", "Clicks", "Conversions")
FILLERS = (
    "Enabled",
    "A budget shared by all campaigns of this kind",
    "Search",
    "Maximise conversions",
    "eligible",
    "97%",
)


def google_ads_export() -> str:
    """About 20 KB with title, range, quoted cells, thousands separators and two total rows; numbers are made up."""
    lines = ["Campaign report", '"September 1, 2026 - September 28, 2026"', ",".join(HEADER)]
    cents = impressions = clicks = 0
    for day in range(1, DAYS + 1):
        for number, name in enumerate(CAMPAIGNS, start=1):
            cost, shown, clicked = day * 10_000 + number * 37, day * 500 + number, day * 3 + number
            cents, impressions, clicks = cents + cost, impressions + shown, clicks + clicked
            quoted = '"' + name.replace('"', '""') + '"' if "," in name else name
            amounts = f'"{cost / 100:,.2f}","{shown:,}",{clicked},{clicked}.50'
            lines.append(f"2026-09-{day:02},{quoted},{number}00{number},CAD,{','.join(FILLERS)},{amounts}")
    totals = f'"{cents / 100:,.2f}","{impressions:,}","{clicks:,}","{clicks + DAYS * len(CAMPAIGNS) / 2:,.2f}"'
    lines.append("Total: Campaigns" + ", --" * 9 + f",{totals}")
    lines.append("Total: Account" + "," * 9 + f",{totals}")
    return "\n".join(lines) + "\n"


def rows(path: Path, shop: Contract, connection: duckdb.DuckDBPyConnection) -> tuple[list[tuple[object, ...]], bool]:
    """Everything that loading checks, on one connection for all cuts."""
    prepared = prepare_file(path, path.name, shop, hash_key=None, scratch=path.parent)
    result = connection.execute(prepared.tables[0].query)
    names = [column[0] for column in result.description or []]
    found = result.fetchall()
    sums = {name: sum(row[names.index(name)] or 0 for row in found) for name in prepared.control_totals}
    verify_totals(prepared, sums, len(found))
    return sorted(found, key=repr), prepared.is_end_verifiable


@dataclass
class Outcomes:
    """How many cut files ended how.

    Attributes:
        complete: nothing but a part of the totals is missing.
        flagged: cut right behind a row, where nothing in the file shows that more should follow.
    """

    refused: int = 0
    complete: int = 0
    flagged: int = 0


def judge(folder: Path, text: str, lengths: Iterable[int]) -> Outcomes:
    """Cut a file at these lengths, longest first, and check what is accepted."""
    path, whole, ending = folder / "export.csv", text.encode(), "\r\n" if "\r\n" in text else "\n"
    last_row_ends = len(text.split("Total: ")[0].rstrip().encode())
    path.write_bytes(whole)
    ads, outcomes = contract("google_ads"), Outcomes()
    with duckdb.connect(config={"threads": 1}) as connection:
        every_row, is_end_verifiable = rows(path, ads, connection)
        assert (len(every_row), is_end_verifiable) == (DAYS * len(CAMPAIGNS), True)
        for length in lengths:
            os.truncate(path, length)
            left = whole[:length]
            try:
                found, is_end_verifiable = rows(path, ads, connection)
            except (RefusedFile, duckdb.Error):
                outcomes.refused += 1
                continue
            assert is_end_verifiable or left.endswith((b"\n", b"\r")), length
            if length > last_row_ends:
                assert found == every_row, length
                outcomes.complete += 1
                continue
            assert not is_end_verifiable, length
            assert len(found) == len(left.decode().rstrip().split(ending)) - 3, length
            assert set(found) <= set(every_row)
            outcomes.flagged += 1
    return outcomes


def test_a_google_ads_export_that_is_cut_at_any_byte_never_loads_silently(tmp_path: Path) -> None:
    text = google_ads_export()
    size = len(text.encode())
    assert 19_000 < size < 22_000
    whole = text.encode()
    # Behind the header and every row, where a cut is hardest to notice, every byte is tried at any length of the run.
    near = {position + shift for position, byte in enumerate(whole) if byte == 10 for shift in (-1, 0, 1)}
    lengths = sorted((near | set(range(0, size, STEP))) & set(range(size)), reverse=True)
    outcomes = judge(tmp_path, text, lengths)
    note_figures("truncation", refused=outcomes.refused, complete=outcomes.complete, flagged=outcomes.flagged)
    # Behind the header and behind every row but the last, which is followed by the totals.
    assert outcomes.flagged == DAYS * len(CAMPAIGNS)
    assert 0 < outcomes.complete < 150
    assert outcomes.refused == len(lengths) - outcomes.flagged - outcomes.complete


def test_a_cut_between_the_two_bytes_of_a_line_break_takes_nothing_away(tmp_path: Path) -> None:
    text = google_ads_export().replace("\n", "\r\n")
    whole = text.encode()
    near = {position + shift for position, byte in enumerate(whole) if byte == 13 for shift in (-1, 0, 1, 2)}
    outcomes = judge(tmp_path, text, sorted((length for length in near if length < len(whole)), reverse=True))
    assert outcomes.flagged >= DAYS * len(CAMPAIGNS)
    assert outcomes.refused > 0

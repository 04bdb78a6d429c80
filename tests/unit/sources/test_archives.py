import gzip
import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.files import archives
from tests.unit.sources.read_files import contract, read, refusal, write

FILE = b"day,refund_id,order_id,amount\n2026-11-01,R1,A1,10.50\n2026-11-02,R2,A2,7\n"
RECORDS = (
    b'{"day": "2026-11-01", "refund_id": "R1", "order_id": "A1", "amount": "10.50"}\n'
    b'{"day": "2026-11-02", "refund_id": "R2", "order_id": "A2", "amount": "7"}\n'
)


def refunds(system: str = "csv", **yaml: Any) -> Contract:
    columns = {name: {"header": name} for name in ("day", "refund_id", "order_id", "amount")}
    return contract(system, **{"subject": "refunds", "currency": "EUR", "columns": columns, **yaml})


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def left_in_scratch(folder: Path) -> list[Path]:
    return list(folder.glob("scratch/*"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("export.csv.gz", gzip.compress(FILE)),
        ("two members.csv.gz", gzip.compress(FILE[:40]) + gzip.compress(FILE[40:])),
        ("export.zip", zipped({"export.csv": FILE})),
        ("stored.zip", zipped({"export.csv": FILE}, zipfile.ZIP_STORED)),
        ("with folders.zip", zipped({"a/": b"", "a/b.csv": FILE, "__MACOSX/a/._b.csv": b"x", ".DS_Store": b"x"})),
        ("named like a plain file.csv", gzip.compress(FILE)),
        ("utf16.csv.gz", gzip.compress(b"\xff\xfe" + FILE.decode().encode("utf-16-le"))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_compressed_file_holds_the_same_rows(tmp_path: Path, name: str, content: bytes) -> None:
    plain = read(write(tmp_path, FILE), refunds(), tmp_path / "scratch")
    file = read(write(tmp_path, content, name), refunds(), tmp_path / "scratch")
    assert file.rows == plain.rows
    assert not file.prepared.is_end_verifiable
    assert left_in_scratch(tmp_path) == []


@pytest.mark.parametrize("content", [gzip.compress(RECORDS), zipped({"a.jsonl": RECORDS})], ids=["gz", "zip"])
def test_records_may_be_compressed_too(tmp_path: Path, content: bytes) -> None:
    assert len(read(write(tmp_path, content), refunds("jsonl")).only) == 2


def test_known_systems_read_compressed_files(tmp_path: Path) -> None:
    rows = "date,base,quote,rate\n2026-11-01,EUR,USD,1.1\n"
    assert len(read(write(tmp_path, gzip.compress(rows.encode())), contract("fx_rates")).only) == 1


def test_a_refusal_inside_an_archive_names_the_line_and_the_arrived_file(tmp_path: Path) -> None:
    content = zipped({"inner.csv": FILE.replace(b",7\n", b",seven\n")})
    refused = refusal(write(tmp_path, content, "arrived.zip"), refunds())
    assert (refused.file, refused.line, refused.column) == ("arrived.zip", 3, "amount")


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: zipped({"a.csv": content})], ids=["gz", "zip"])
def test_a_cut_archive_is_never_read(tmp_path: Path, pack: Any) -> None:
    whole = pack(FILE)
    for length in range(4, len(whole)):
        refused = refusal(write(tmp_path, whole[:length]), refunds(), tmp_path / "scratch")
        assert refused.found.startswith("a damaged archive"), length
    assert left_in_scratch(tmp_path) == []


def test_a_changed_byte_of_the_content_is_noticed(tmp_path: Path) -> None:
    whole = bytearray(zipped({"a.csv": FILE}, zipfile.ZIP_STORED))
    position = whole.index(b"10.50")
    whole[position : position + 5] = b"90.50"
    assert "Bad CRC-32" in refusal(write(tmp_path, bytes(whole)), refunds()).found


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (zipped({"a.csv": FILE, "b.csv": FILE}), "an archive with 2 files: 'a.csv', 'b.csv'"),
        (zipped({}), "an archive with 0 files"),
        (zipped({"folder/": b""}), "an archive with 0 files"),
        (zipped({f"{number}.csv": b"" for number in range(1001)}), "an archive with more than 1000 entries"),
        (gzip.compress(gzip.compress(FILE)), "an archive in an archive"),
        (gzip.compress(zipped({"a.csv": FILE})), "an archive in an archive"),
        (zipped({"a.csv.gz": gzip.compress(FILE)}), "an archive in an archive"),
        (zipped({"a.zip": zipped({"a.csv": FILE})}), "an archive in an archive"),
        (zipped({"a.csv": FILE}, zipfile.ZIP_BZIP2), "an archive of an unknown kind"),
        (gzip.compress(b""), "an empty file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unusual_archives_are_refused_with_advice(tmp_path: Path, content: bytes, found: str) -> None:
    refused = refusal(write(tmp_path, content), refunds(), tmp_path / "scratch")
    assert refused.found == found
    assert refused.advice or found == "an empty file"
    assert left_in_scratch(tmp_path) == []


def test_an_archive_with_a_password_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.csv": FILE}))
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    assert refusal(write(tmp_path, bytes(content)), refunds()).found == "an archive with a password"


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: zipped({"a.csv": content})], ids=["gz", "zip"])
def test_a_bomb_is_stopped_by_the_bytes_that_come_out_of_it(tmp_path: Path, pack: Any) -> None:
    refused = refusal(
        write(tmp_path, pack(FILE + b"2026-11-02,R2,A2,7\n" * 2_000_000)), refunds(), tmp_path / "scratch"
    )
    assert "more than 100 times the" in refused.found
    assert left_in_scratch(tmp_path) == []


def test_sizes_in_headers_are_not_believed(tmp_path: Path) -> None:
    bomb = bytearray(zipped({"a.csv": b"0" * 50_000_000}))
    entry = bomb.rindex(b"PK\x01\x02")
    for declared in (20, 0xFFFFFFF0):
        for position in (22, entry + 24):
            bomb[position : position + 4] = struct.pack("<I", declared)
        refused = refusal(write(tmp_path, bytes(bomb)), refunds())
        assert "times the" in refused.found or refused.found.startswith("a damaged archive")


def test_a_list_of_contents_of_a_lying_length_is_not_read(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.csv": FILE}))
    content[-10:-6] = struct.pack("<I", 1 << 30)
    refused = refusal(write(tmp_path, bytes(content)), refunds())
    assert refused.found == "an archive with more than 1000 entries"


def test_the_largest_unpacked_size_can_be_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", len(FILE) - 1)
    refused = refusal(write(tmp_path, gzip.compress(FILE)), refunds())
    assert refused.found == f"more than {len(FILE) - 1} bytes when unpacked"
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", len(FILE))
    assert len(read(write(tmp_path, gzip.compress(FILE)), refunds()).only) == 2

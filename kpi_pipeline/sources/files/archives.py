"""Files that arrive compressed: ``.gz``, and ``.zip`` with one file in it.

Here: unpacking into a copy, with every byte counted while it is written; what an archive says about its own sizes is
never believed. An archive in an archive is refused. A workbook is a ``.zip`` too, and belongs to ``spreadsheet``.
"""

import gzip
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from kpi_pipeline.sources.files.refused_file import RefusedFile

# What an archive may become; a larger export is to be put into the inbox unpacked.
MAX_UNPACKED_BYTES = 8 << 30
MAX_RATIO = 100
RATIO_COUNTS_FROM_BYTES = 1 << 20
MAX_ENTRIES = 1000

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
_EMPTY_ZIP_MAGIC = b"PK\x05\x06"
_CHUNK = 1 << 20
# 46 bytes and the names of an entry; a list of contents longer than this is not read at all.
_MAX_CONTENTS_BYTES = MAX_ENTRIES * 1024
_TAIL_BYTES = 22 + 65_535


class ByteCounter:
    """Counts what comes out of an archive and stops at the first byte too many."""

    def __init__(self, file_name: str, packed_bytes: int) -> None:
        self._file_name = file_name
        self._packed_bytes = packed_bytes
        self._bytes = 0

    def add(self, count: int) -> None:
        """Count some more bytes.

        Raises:
            RefusedFile: they are more than an export can have.
        """
        self._bytes += count
        if self._bytes > MAX_UNPACKED_BYTES:
            self._refuse(f"more than {MAX_UNPACKED_BYTES} bytes", f"at most {MAX_UNPACKED_BYTES} bytes")
        if self._bytes > max(RATIO_COUNTS_FROM_BYTES, MAX_RATIO * self._packed_bytes):
            self._refuse(
                f"more than {MAX_RATIO} times the {self._packed_bytes} bytes that arrived",
                f"a file that unpacks to at most {MAX_RATIO} times its size",
            )

    def _refuse(self, found: str, expected: str) -> None:
        raise RefusedFile(
            self._file_name,
            found=f"{found} when unpacked",
            expected=expected,
            advice="Unpack the file and put its content into the inbox.",
        )


def unpacked_copy(path: Path, file_name: str, scratch: Path) -> Path | None:
    """Write what a compressed file holds into ``scratch``; the caller deletes it. None where it is not compressed.

    Raises:
        RefusedFile: the archive is damaged, cut, too large, or does not hold exactly one plain file.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(GZIP_MAGIC):
        return _copy(path, file_name, scratch, _gzip_chunks(path))
    if not start.startswith((ZIP_MAGIC, _EMPTY_ZIP_MAGIC)):
        return None
    with open_zip(path, file_name) as archive:
        if is_workbook(archive):
            return None
        return _copy(path, file_name, scratch, zip_chunks(archive, _only_member(archive, file_name)))


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Tell whether a ``.zip`` is a spreadsheet."""
    names = archive.namelist()
    return "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names)


@contextmanager
def open_zip(path: Path, file_name: str) -> Iterator[zipfile.ZipFile]:
    """Open a ``.zip`` whose list of contents is of a sensible size.

    Raises:
        RefusedFile: it is damaged, cut, or has too many entries.
    """
    with path.open("rb") as file:
        entries, contents_bytes = _contents(file, file_name)
        if entries > MAX_ENTRIES or contents_bytes > _MAX_CONTENTS_BYTES:
            raise _unusual(file_name, f"an archive with more than {MAX_ENTRIES} entries")
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
            raise _damaged(file_name, error) from error
        with archive:
            if len(archive.infolist()) > MAX_ENTRIES:
                raise _unusual(file_name, f"an archive with more than {MAX_ENTRIES} entries")
            yield archive


def zip_chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the content of a member piece by piece; its checksum is compared at the end."""
    with archive.open(member) as content:
        yield from _chunks(content)


def _contents(file: IO[bytes], file_name: str) -> tuple[int, int]:
    """Return how many entries the list of contents at the end says it has, and its length."""
    size = file.seek(0, 2)
    file.seek(max(size - _TAIL_BYTES - 20, 0))
    tail = file.read()
    end = tail.rfind(_EMPTY_ZIP_MAGIC)
    if end < 0 or end + 22 > len(tail):
        raise _damaged(file_name, "its list of contents is missing")
    entries, contents_bytes = struct.unpack("<10xHI6x", tail[end : end + 22])
    if end >= 20 and tail[end - 20 :].startswith(b"PK\x06\x07"):
        (offset,) = struct.unpack("<8xQ4x", tail[end - 20 : end])
        file.seek(min(offset, size))
        record = file.read(56)
        if len(record) < 56:
            raise _damaged(file_name, "its list of contents is missing")
        entries, contents_bytes = struct.unpack("<32xQQ8x", record)
    return entries, contents_bytes


def _only_member(archive: zipfile.ZipFile, file_name: str) -> zipfile.ZipInfo:
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir()
        and not member.filename.startswith("__MACOSX/")
        and not member.filename.rpartition("/")[2].startswith(".")
    ]
    if len(members) != 1:
        names = ", ".join(repr(member.filename[:80]) for member in members[:5])
        raise RefusedFile(
            file_name,
            found=f"an archive with {len(members)} files{': ' + names if names else ''}{' …' if members[5:] else ''}",
            expected="exactly one file in it",
            advice="Unpack the archive and put its files into the inboxes of their sources.",
        )
    (member,) = members
    if member.flag_bits & 0x1:
        raise _unusual(file_name, "an archive with a password")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _unusual(file_name, "an archive of an unknown kind")
    return member


def _gzip_chunks(path: Path) -> Iterator[bytes]:
    with gzip.open(path) as content:
        yield from _chunks(content)


def _chunks(content: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    while chunk := content.read(_CHUNK):
        yield chunk


def _copy(path: Path, file_name: str, scratch: Path, chunks: Iterator[bytes]) -> Path:
    counter = ByteCounter(file_name, path.stat().st_size)
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=scratch, delete=False) as copy:
        target = Path(copy.name)
        try:
            for chunk in chunks:
                counter.add(len(chunk))
                copy.write(chunk)
        except (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error) as error:
            target.unlink()
            raise _damaged(file_name, error) from error
        except BaseException:
            target.unlink()
            raise
    try:
        _refuse_nested(target, file_name)
    except RefusedFile:
        target.unlink()
        raise
    return target


def _refuse_nested(copy: Path, file_name: str) -> None:
    with copy.open("rb") as file:
        start = file.read(4)
    if start.startswith(GZIP_MAGIC):
        raise _unusual(file_name, "an archive in an archive")
    if start.startswith((ZIP_MAGIC, _EMPTY_ZIP_MAGIC)):
        with open_zip(copy, file_name) as archive:
            if not is_workbook(archive):
                raise _unusual(file_name, "an archive in an archive")


def _unusual(file_name: str, found: str) -> RefusedFile:
    return RefusedFile(
        file_name,
        found=found,
        expected="a plain file, a .gz, or a .zip with one file in it",
        advice="Unpack it and put its content into the inbox.",
    )


def _damaged(file_name: str, reason: object) -> RefusedFile:
    return RefusedFile(
        file_name,
        found=f"a damaged archive ({str(reason)[:120]})",
        expected="a complete .gz or .zip",
        advice="The file may be cut; export or copy it again.",
    )

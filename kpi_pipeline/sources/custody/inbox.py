"""Which files lie in a source's inbox and when each was exported.

Here: the rules for what counts as an arrived file: named as the source says, complete, no link to elsewhere. Keeping
the bytes belongs to ``custody``; whether a file is new belongs to ``intake``.
"""

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from kpi_pipeline.sources.files.refused_file import RefusedFile

INCOMPLETE_SUFFIXES = (".part", ".partial", ".filepart", ".tmp", ".crdownload", ".download")
# ``~$``: what a spreadsheet program keeps beside a workbook that is open.
NO_EXPORT_PREFIXES = (".", "~$")
EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class InboxFile:
    """One complete file.

    Attributes:
        name: the file's name, printable; bytes that are not UTF-8 are written in hexadecimal.
        path: where to read it; the target, where a link points inside the inbox.
        modified_ns: modification time in nanoseconds since 1970.
    """

    name: str
    path: Path
    size: int
    modified_ns: int


@dataclass(frozen=True)
class InboxScan:
    """What lies in one inbox folder, sorted by name.

    Attributes:
        unsettled: names of files that may still be written; the next run takes them.
        refused: links that lead out of the inbox or nowhere.
    """

    files: tuple[InboxFile, ...]
    unsettled: tuple[str, ...]
    refused: tuple[RefusedFile, ...]


def scan_inbox(folder: Path, pattern: str, *, now: datetime, settle_seconds: float) -> InboxScan:
    """List the files of ``folder`` whose names match the glob ``pattern``; no folder means no files.

    Args:
        folder: the source's inbox.
        pattern: glob over file names; sub-folders are not entered.
        now: the current instant, with its time zone.
        settle_seconds: a file that was changed so recently may still be written and is left alone; 0 takes every file.
    """
    files: list[InboxFile] = []
    unsettled: list[str] = []
    refused: list[RefusedFile] = []
    now_ns = (now - EPOCH.replace(tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    for entry in _entries(folder):
        name = _printable(entry.name)
        if not fnmatchcase(entry.name, pattern) or entry.name.startswith(NO_EXPORT_PREFIXES):
            continue
        if entry.name.lower().endswith(INCOMPLETE_SUFFIXES):
            continue
        path = Path(entry.path)
        if entry.is_symlink():
            try:
                path = _target_inside(folder, path, name)
            except RefusedFile as refusal:
                refused.append(refusal)
                continue
        try:
            status = path.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue  # moved away since the folder was listed
        if not path.is_file():
            continue
        # Far in the future is a wrong clock elsewhere, not a file that is being written now.
        if abs(now_ns - status.st_mtime_ns) < settle_seconds * 1_000_000_000:
            unsettled.append(name)
        else:
            files.append(InboxFile(name, path, status.st_size, status.st_mtime_ns))
    return InboxScan(tuple(files), tuple(unsettled), tuple(refused))


def is_as_listed(file: InboxFile) -> bool:
    """Tell whether a file still has the size and the modification time that it was listed with.

    Raises:
        OSError: it is gone.
    """
    status = file.path.stat(follow_symlinks=False)
    return (status.st_size, status.st_mtime_ns) == (file.size, file.modified_ns)


def export_time(file_name: str, modified_ns: int, pattern: str | None) -> datetime:
    """Return when a file was exported, in UTC without time zone: said by its name, else its modification time.

    Args:
        file_name: the name that the file arrived with.
        modified_ns: its modification time in nanoseconds.
        pattern: regular expression whose one group is a date or a time stamp; None takes the modification time.

    Raises:
        RefusedFile: the name does not match, or its group is no date.
    """
    if pattern is None:
        # In integers: a float has not enough digits for microseconds of today.
        return EPOCH + timedelta(microseconds=modified_ns // 1000)
    match = re.search(pattern, file_name)
    if match is None:
        raise RefusedFile(
            file_name,
            found="a file name without the time of the export",
            expected=f"a name that matches {pattern!r}",
            advice="Rename the file, or correct exported_at in the source's configuration.",
        )
    instant = _instant(match.group(1))
    if instant is None:
        raise RefusedFile(
            file_name,
            found=f"{match.group(1)!r} as the time of the export in the file name",
            expected="a date (2026-11-20, 20261120) or a time stamp (2026-11-20T06-00-00)",
            advice="Rename the file, or correct exported_at in the source's configuration.",
        )
    return instant


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []


def _printable(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _target_inside(folder: Path, link: Path, name: str) -> Path:
    target = link.resolve()
    if target.is_file() and target.is_relative_to(folder.resolve()):
        return target
    raise RefusedFile(
        name,
        found="a link that leads out of the inbox or to nothing",
        expected="a file",
        advice="Copy the file itself into the inbox.",
    )


def _instant(text: str) -> datetime | None:
    # Only digits count, so that all usual separators are accepted, but nothing shorter than a date is guessed.
    if not re.fullmatch(r"\d{4}-?\d{2}-?\d{2}(?:[T_ -]?\d{2}[-:.]?\d{2}[-:.]?\d{2}Z?)?", text):
        return None
    digits = re.sub(r"\D", "", text)
    try:
        return datetime.strptime(digits, "%Y%m%d" if len(digits) == 8 else "%Y%m%d%H%M%S")
    except ValueError:
        return None

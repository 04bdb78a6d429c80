"""A folder: the files of an edition, written where others pick them up.

Here: whole files or none. Writing them again changes nothing, so a folder never holds two copies.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from kpi_pipeline.delivery.channel import Outcome, Parcel, TryAgain
from kpi_pipeline.delivery.delivery_ledger import Place
from kpi_pipeline.delivery.edition import Attachment, Edition
from kpi_pipeline.delivery.header_text import file_name


class FolderSender:
    """Writes into folders, below ``base`` where their paths are not absolute."""

    def __init__(self, base: Path) -> None:
        self._base = base

    def parcel(self, edition: Edition, place: Place) -> Parcel:
        """Return the files, the text among them; a correction stands beside the edition that it corrects."""
        mark = f"r{edition.revision}-" if edition.revision else ""
        files = (
            Attachment(f"{edition.report}.{edition.language}.txt", "text/plain", edition.text.encode()),
            *edition.files,
        )
        prefix = f"{edition.week_start}-{mark}"
        return Parcel(
            tuple(Attachment(f"{prefix}{file_name(file.name)}", file.media_type, file.content) for file in files)
        )

    def attempt(self, parcel: Parcel, place: Place) -> Outcome | TryAgain:
        """Write the files."""
        folder = self._base / place.recipient
        # A share that is not mounted must not be taken for an empty folder.
        if not folder.is_dir():
            return Outcome("failed", "the folder is not there")
        try:
            write_files(folder, parcel.files)
        except OSError as error:
            return Outcome("failed", f"the folder cannot be written to: {error.strerror}")
        return Outcome("sent")


def write_files(folder: Path, files: Iterable[Attachment]) -> None:
    """Write files into a folder that is there, each whole or not at all."""
    for file in files:
        path = folder / file.name
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
        with unfinished.open("wb") as opened:
            opened.write(file.content)
            opened.flush()
            os.fsync(opened.fileno())
        unfinished.replace(path)

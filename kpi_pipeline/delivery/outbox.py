"""The outbox: what would go out, as files, while nothing is sent.

Here: where they lie. Nothing is ever sent from there; a later edition of the same week replaces them.
"""

from pathlib import Path

from kpi_pipeline.delivery.channel import Parcel
from kpi_pipeline.delivery.delivery_ledger import Place
from kpi_pipeline.delivery.edition import Edition
from kpi_pipeline.delivery.folder import write_files
from kpi_pipeline.delivery.header_text import file_name


def write_to_outbox(outbox: Path, edition: Edition, parcel: Parcel, place: Place) -> Path:
    """Write the parcel and the edition's attachments; return the folder of the audience's week."""
    folder = outbox / edition.audience / edition.week_start.isoformat()
    own = folder / f"folder-{file_name(place.recipient)}" if place.channel == "folder" else folder
    own.mkdir(parents=True, exist_ok=True)
    write_files(own, parcel.files)
    write_files(folder, edition.files)
    return folder

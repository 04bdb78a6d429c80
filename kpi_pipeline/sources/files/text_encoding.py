"""Files that are not UTF-8: a UTF-8 copy for the reader.

Here: which encoding a file has (its byte order mark, else what its source declares; never a guess), and the copy.
Decoding is strict: a byte that has no meaning refuses the file.
"""

import codecs
import tempfile
from pathlib import Path

from kpi_pipeline.sources.files.refused_file import RefusedFile

_CHUNK = 1 << 20


def file_encoding(path: Path, declared: str | None) -> str:
    """Return the encoding of a file by its byte order mark, else the declared one, else UTF-8."""
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8"
    return declared or "utf-8"


def utf8_copy(path: Path, file_name: str, encoding: str, scratch: Path) -> Path:
    """Write a UTF-8 copy of a file into ``scratch``; the caller deletes it.

    Raises:
        RefusedFile: a byte has no meaning in this encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    line = 1
    scratch.mkdir(parents=True, exist_ok=True)
    with (
        path.open("rb") as source,
        tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=scratch, suffix=".csv", delete=False
        ) as copy,
    ):
        try:
            while chunk := source.read(_CHUNK):
                text = decoder.decode(chunk)
                line += text.count("\n")
                copy.write(text)
            copy.write(decoder.decode(b"", final=True))
        except UnicodeDecodeError as error:
            Path(copy.name).unlink()
            raise RefusedFile(
                file_name,
                line=line + error.object[: error.start].count(b"\n"),
                found=f"bytes that are not {encoding}",
                expected=f"{encoding} from beginning to end",
                advice="The file may be cut; export it again.",
            ) from error
        except UnicodeError as error:  # what Python says of UTF-16 that does not tell the order of its bytes
            Path(copy.name).unlink()
            raise RefusedFile(
                file_name,
                line=1,
                found="no byte order mark",
                expected=f"{encoding} with a byte order mark",
                advice="Declare utf-16-le or utf-16-be as the encoding in the source's configuration.",
            ) from error
    return Path(copy.name)

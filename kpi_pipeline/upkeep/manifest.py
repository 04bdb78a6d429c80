"""What a backup holds: one line per file, with its size and hash, in a file that is written last.

Here: writing, reading and checking the manifest. Which files make up a backup belongs to ``backup``, putting them in
their places to ``restore``.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kpi_pipeline.errors import CustodyError

MANIFEST = "manifest.json"
FORMAT = 1
KEY_CHECKED_BY = b"kpi-pipeline: is this the key of the backup?"

OnFile = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Kept:
    """One file of a backup."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """Everything about a backup.

    Attributes:
        made_at: in ISO 8601, UTC.
        program, duckdb: versions that made it.
        snapshot_id: the snapshot that was current; None if nothing was published.
        key_check: tells whether a key for personal data is the one that was used, without saying the key.
        files: path below the backup's folder → what lies there.
    """

    made_at: str
    program: str
    duckdb: str
    snapshot_id: str | None
    key_check: str | None
    files: Mapping[str, Kept]


def key_check(hash_key: bytes | None) -> str | None:
    """Return a keyed hash of a constant: equal for equal keys."""
    return None if hash_key is None else hmac.new(hash_key, KEY_CHECKED_BY, hashlib.sha256).hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> Path:
    """Write the manifest in one step: a folder with one is a complete backup."""
    content = {
        "format": FORMAT,
        **{name: value for name, value in vars(manifest).items() if name != "files"},
        "files": {path: vars(kept) for path, kept in sorted(manifest.files.items())},
    }
    hidden = folder / f".{MANIFEST}"
    hidden.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return hidden.rename(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """Read a backup's manifest.

    Raises:
        CustodyError: there is none, or it is not one of ours.
    """
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("format") != FORMAT:
            raise CustodyError(f"{path}: of another format than {FORMAT}; restore with the program that made it")
        files = {name: Kept(**kept) for name, kept in content.pop("files").items()}
        manifest = Manifest(**content, files=files)
    except FileNotFoundError as error:
        raise CustodyError(f"{path}: no manifest; expected the folder of a complete backup") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CustodyError(f"{path}: expected the manifest of a backup, found something else: {error}") from error
    for name in files:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise CustodyError(f"{path}: {name} leads out of the backup; nothing was restored")
    return manifest


def verify(folder: Path, manifest: Manifest, on_file: OnFile = lambda number, files, name: None) -> None:
    """Read every file of a backup and compare it with the manifest.

    Raises:
        CustodyError: files are missing or are not what they were; all of them are named.
    """
    wrong = []
    for number, (name, kept) in enumerate(manifest.files.items()):
        on_file(number, len(manifest.files), name)
        path = folder / name
        if not path.is_file():
            wrong.append(f"{name} is missing")
        elif path.stat().st_size != kept.size or hash_of(path) != kept.sha256:
            wrong.append(f"{name} is not what it was")
    if wrong:
        raise CustodyError(f"{folder}: the backup is damaged, nothing was restored: {'; '.join(wrong)}")


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

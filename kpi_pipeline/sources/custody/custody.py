"""Unchanged copies of everything that arrived, named by their SHA-256.

Here: how bytes get into the store and out of it; nothing is parsed before it is stored, nothing stored is changed.
Which files arrive belongs to ``inbox``, what became of them to ``custody_ledger``, how long they are kept to
``retention``.
"""

import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kpi_pipeline.errors import CustodyError

# One pass of read, hash and write is bound by the hash (1.2 GB/s here); larger blocks only leave the processor's cache.
BLOCK_BYTES = 1 << 20
SYNC_BYTES = 64 << 20
INCOMING_FOLDER = ".incoming"
SCRATCH_FOLDER = ".scratch"


@dataclass(frozen=True)
class StoredFile:
    """The bytes that were stored and the file that they were read from.

    Attributes:
        modified_ns: modification time of the original while it was read, in nanoseconds.
    """

    sha256: str
    size: int
    modified_ns: int


class Custody:
    """The store. One process writes at a time: the warehouse's lock sees to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)

    def path(self, sha256: str) -> Path:
        """Return where the bytes with this hash are, or would be."""
        return self._folder / sha256

    def store(self, original: Path) -> StoredFile | None:
        """Copy a file into the store; None if it changed meanwhile, which leaves nothing behind.

        The copy itself is durable on return; its name is so after ``flush``.

        Raises:
            OSError: the original cannot be read.
            CustodyError: the store cannot be written.
        """
        # Not following links keeps a file that was swapped after the scan out; not blocking keeps named pipes out.
        source = os.open(original, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        incomplete = self._folder / INCOMING_FOLDER / secrets.token_hex(8)
        try:
            before = os.fstat(source)
            if not stat.S_ISREG(before.st_mode):
                raise OSError(f"{original.name} is not a regular file")
            sha256 = self._copy(source, incomplete)
            after = os.fstat(source)
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                return None
            # Replacing a copy that is already there costs nothing and repairs a damaged one.
            incomplete.replace(self.path(sha256))
        finally:
            os.close(source)
            incomplete.unlink(missing_ok=True)
        return StoredFile(sha256, after.st_size, after.st_mtime_ns)

    def flush(self) -> None:
        """Make the names of all files stored so far durable."""
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def verified(self, sha256: str) -> Path:
        """Return the path of stored bytes after reading them once more.

        Raises:
            CustodyError: they are missing or damaged.
        """
        path = self.path(sha256)
        try:
            with path.open("rb", buffering=0) as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            found = "no file"
        if found != sha256:
            raise CustodyError(
                f"{path}: found {found}, expected the file with the SHA-256 {sha256}. "
                "Restore this file from a backup, or put the original into its inbox again."
            )
        return path

    def delete(self, sha256: str) -> None:
        """Delete stored bytes, if they are there."""
        self.path(sha256).unlink(missing_ok=True)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give a folder for copies in another encoding; they are as private as the store, and gone afterwards."""
        folder = self._folder / SCRATCH_FOLDER
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    def clear_incomplete(self) -> None:
        """Delete what an interrupted copy left behind."""
        shutil.rmtree(self._folder / INCOMING_FOLDER, ignore_errors=True)

    def _copy(self, source: int, target: Path) -> str:
        digest = hashlib.sha256()
        block = bytearray(BLOCK_BYTES)
        view = memoryview(block)
        try:
            target.parent.mkdir(mode=0o700, exist_ok=True)
            copy = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            with _Syncing(copy) as syncing:
                while length := os.readv(source, [block]):
                    digest.update(view[:length])
                    try:
                        _write_all(copy, view[:length])
                        syncing.wrote(length)
                    except OSError as error:
                        raise self._unwritable(error) from error
            os.fsync(copy)
        finally:
            os.close(copy)
        return digest.hexdigest()

    def _unwritable(self, error: OSError) -> CustodyError:
        return CustodyError(
            f"{self._folder}: cannot store an arrived file ({error.strerror}). "
            "Expected a writable folder with enough free space; make room or correct its permissions, and run again."
        )


class _Syncing:
    """Brings a file that is still being written onto the disk from time to time, so that its end need not wait long."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._unsynced = 0
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._running: Future[None] | None = None

    def __enter__(self) -> "_Syncing":
        return self

    def __exit__(self, *_error: object) -> None:
        self._thread.shutdown()

    def wrote(self, length: int) -> None:
        """Note written bytes; raises what went wrong on the disk since."""
        self._unsynced += length
        if self._unsynced >= SYNC_BYTES and (self._running is None or self._running.done()):
            if self._running is not None:
                self._running.result()
            self._unsynced = 0
            self._running = self._thread.submit(os.fsync, self._file)


def _write_all(file: int, data: memoryview) -> None:
    written = 0
    while written < len(data):
        written += os.write(file, data[written:])

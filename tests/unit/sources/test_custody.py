import hashlib
import os
import stat
from pathlib import Path

import pytest

from kpi_pipeline.errors import CustodyError
from kpi_pipeline.sources.custody.custody import Custody


@pytest.fixture
def custody(tmp_path: Path) -> Custody:
    return Custody(tmp_path / "data" / "custody")


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def stored_names(custody: Custody) -> list[str]:
    return [path.name for path in custody.path("").rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_a_copy_is_named_by_its_hash_and_unchanged(custody: Custody, tmp_path: Path, size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]

    stored = custody.store(written(tmp_path / "export.csv", content))

    assert stored is not None
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert stored.size == size
    assert custody.path(stored.sha256).read_bytes() == content
    assert custody.verified(stored.sha256) == custody.path(stored.sha256)


def test_only_the_owner_can_read_the_store_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        custody = Custody(tmp_path / "custody")
        stored = custody.store(written(tmp_path / "export.csv", b"a"))
    finally:
        os.umask(before)

    assert stored is not None
    assert stat.S_IMODE((tmp_path / "custody").stat().st_mode) == 0o700
    assert stat.S_IMODE(custody.path(stored.sha256).stat().st_mode) == 0o600


def test_the_original_stays_where_it_is(custody: Custody, tmp_path: Path) -> None:
    original = written(tmp_path / "export.csv", b"a")
    custody.store(original)
    assert original.read_bytes() == b"a"


def test_storing_the_same_bytes_again_keeps_one_copy_and_repairs_a_damaged_one(
    custody: Custody, tmp_path: Path
) -> None:
    original = written(tmp_path / "export.csv", b"day,cost\n")
    stored = custody.store(original)
    assert stored is not None
    custody.path(stored.sha256).write_bytes(b"damaged")

    again = custody.store(original)
    custody.flush()

    assert again == stored
    assert custody.verified(stored.sha256).read_bytes() == b"day,cost\n"
    assert stored_names(custody) == [stored.sha256]


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_damaged_and_missing_copies_are_found(custody: Custody, tmp_path: Path, damage: str) -> None:
    stored = custody.store(written(tmp_path / "export.csv", b"day,cost\n"))
    assert stored is not None
    if damage == "changed":
        custody.path(stored.sha256).write_bytes(b"day,cosT\n")
    else:
        custody.path(stored.sha256).unlink()

    with pytest.raises(CustodyError, match=f"(?s){stored.sha256}.*backup"):
        custody.verified(stored.sha256)


def test_a_file_that_changes_while_it_is_copied_is_left_alone(
    custody: Custody, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = written(tmp_path / "export.csv", b"first half")
    copy = Custody._copy

    def copy_while_somebody_writes(self: Custody, source: int, target: Path) -> str:
        digest = copy(self, source, target)
        with original.open("ab") as file:
            file.write(b", second half")
        return digest

    monkeypatch.setattr(Custody, "_copy", copy_while_somebody_writes)

    assert custody.store(original) is None
    assert stored_names(custody) == []


def test_a_link_and_a_pipe_are_not_read(custody: Custody, tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(written(tmp_path / "secret", b"secret"))
    os.mkfifo(tmp_path / "pipe.csv")

    with pytest.raises(OSError):
        custody.store(tmp_path / "link.csv")
    with pytest.raises(OSError, match="not a regular file"):
        custody.store(tmp_path / "pipe.csv")


def test_a_store_that_cannot_be_written_says_so(
    custody: Custody, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int, data: memoryview) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)

    with pytest.raises(CustodyError, match="No space left on device"):
        custody.store(written_without_os_write(tmp_path / "export.csv", b"a"))
    assert stored_names(custody) == []


def written_without_os_write(path: Path, content: bytes) -> Path:
    with path.open("wb") as file:
        file.write(content)
    return path


def test_leftovers_of_an_interrupted_copy_are_cleared(custody: Custody, tmp_path: Path) -> None:
    custody.path(".incoming").mkdir()
    written(custody.path(".incoming") / "0123", b"half")
    custody.clear_incomplete()
    assert stored_names(custody) == []


def test_scratch_is_private_empty_and_gone_afterwards(custody: Custody) -> None:
    with custody.scratch() as folder:
        written(folder / "copy", b"a")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()

    folder.mkdir()
    written(folder / "left by a killed run", b"a")
    with custody.scratch() as folder:
        assert list(folder.iterdir()) == []

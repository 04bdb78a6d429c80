import base64
import json
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from kpi_pipeline.config.secrets import Secrets, read_secret
from kpi_pipeline.errors import ConfigurationError

SECRET = "p/q+r s=T0ken&7"


def _file(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_secret_stands_in_its_variable() -> None:
    assert read_secret({"SHOP_TOKEN": " abc-123\n"}, "SHOP_TOKEN") == "abc-123"


def test_a_secret_stands_in_a_file_that_the_environment_names(tmp_path: Path) -> None:
    file = _file(tmp_path / "token", b"abc-123\n")
    assert read_secret({"SHOP_TOKEN_FILE": str(file)}, "SHOP_TOKEN") == "abc-123"


def test_there_may_be_no_secret() -> None:
    assert read_secret({}, "SHOP_TOKEN") is None
    assert read_secret({"SHOP_TOKEN": "", "SHOP_TOKEN_FILE": " "}, "SHOP_TOKEN") is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610])
def test_a_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    file = _file(tmp_path / "token", b"abc-123", mode)
    with pytest.raises(ConfigurationError, match="others than its owner; run: chmod 600"):
        read_secret({"SHOP_TOKEN_FILE": str(file)}, "SHOP_TOKEN")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "is empty"), (b" \n", "is empty"), (b"\xff\xfe", "not a text"), (b"a\0b", "not a text")],
)
def test_a_file_without_a_text_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    file = _file(tmp_path / "token", content)
    with pytest.raises(ConfigurationError, match=reason):
        read_secret({"SHOP_TOKEN_FILE": str(file)}, "SHOP_TOKEN")


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(ConfigurationError, match=f"SHOP_TOKEN_FILE names {path}, which is not there"):
            read_secret({"SHOP_TOKEN_FILE": str(path)}, "SHOP_TOKEN")


def test_what_is_needed_and_missing_is_said_with_the_way_out() -> None:
    with pytest.raises(ConfigurationError, match=r"needed to pull the shop\. Set SHOP_TOKEN_FILE to a file"):
        Secrets({}).require("SHOP_TOKEN", "to pull the shop")


def test_secrets_never_show_themselves() -> None:
    secrets = Secrets({"SHOP_TOKEN": SECRET})
    assert secrets.require("SHOP_TOKEN", "here") == SECRET
    assert SECRET not in f"{secrets!r} {secrets} {[secrets]}"


@pytest.mark.parametrize(
    ("written", "redacted"),
    [
        (SECRET, "***"),
        (quote_plus(SECRET), "***"),
        ("p/q%2Br%20s%3DT0ken%267", "***"),
        (json.dumps({"token": SECRET}), '{"token": "***"}'),
        (repr({"token": SECRET}), "{'token': '***'}"),
    ],
)
def test_a_secret_is_taken_out_of_a_text_however_it_is_written(written: str, redacted: str) -> None:
    secrets = Secrets({"SHOP_TOKEN": SECRET})
    secrets.read("SHOP_TOKEN")
    assert secrets.redact(f"before {written} after") == f"before {redacted} after"


@pytest.mark.parametrize("before", ["", "a:", "ab:", "user:", "someone:"])
@pytest.mark.parametrize("after", ["", ":x", ":xy"])
def test_a_secret_is_taken_out_of_a_header_in_base64(before: str, after: str) -> None:
    secrets = Secrets({"SHOP_TOKEN": SECRET})
    secrets.read("SHOP_TOKEN")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        encoded = encode(f"{before}{SECRET}{after}".encode()).decode()
        user, mark, rest = secrets.redact(f"Basic {encoded}").removeprefix("Basic ").partition("***")
        assert mark
        # A character beside the secret may hold some bits of its first or last byte, never a whole one.
        assert len(user) <= len(before) * 8 // 6 + 1
        assert len(rest) <= len(after) * 8 // 6 + 4


def test_every_line_of_a_key_is_taken_out() -> None:
    key = "-----BEGIN KEY-----\nMIIabcdefgh\nQRSTuvwxyz\n-----END KEY-----"
    secrets = Secrets({"KEY": key})
    secrets.read("KEY")
    assert secrets.redact("found MIIabcdefgh in line 2") == "found *** in line 2"
    assert secrets.redact(json.dumps(key)) == '"***"'


def test_a_secret_that_begins_with_another_one_is_taken_out_whole() -> None:
    secrets = Secrets({})
    secrets.add("abcdefgh")
    secrets.add("abcdefgh-longer")
    assert secrets.redact("abcdefgh-longer, abcdefgh") == "***, ***"


def test_a_text_without_secrets_stays_as_it_is() -> None:
    assert Secrets({}).redact("nothing here") == "nothing here"
    secrets = Secrets({"SHOP_TOKEN": SECRET})
    secrets.read("SHOP_TOKEN")
    assert secrets.redact("nothing here") == "nothing here"


def test_a_secret_that_its_issuer_replaced_is_written_back(tmp_path: Path) -> None:
    path = _file(tmp_path / "token", b"old\n")
    secrets = Secrets({"TOKEN_FILE": str(path)})
    secrets.keep("TOKEN", "the new one")
    assert secrets.read("TOKEN") == "the new one"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["token"]
    assert secrets.redact("it is the new one") == "it is ***"


def test_a_secret_without_a_file_cannot_be_written_back(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="TOKEN is replaced by its issuer with every use; set TOKEN_FILE"):
        Secrets({"TOKEN": "old"}).keep("TOKEN", "new")
    with pytest.raises(ConfigurationError, match=r"TOKEN_FILE names .*, which cannot be written: No such file"):
        Secrets({"TOKEN_FILE": str(tmp_path / "missing" / "token")}).keep("TOKEN", "new")

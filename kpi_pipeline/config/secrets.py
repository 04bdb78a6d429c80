"""Secrets: read from the environment or from files that it names, held without being shown, taken out of texts.

Here: the one way to a secret, and the one way to write a text that may hold one. Secrets written into the configuration
are found by ``secret_check``; which secret a system needs is said by the system.
"""

import json
import re
import stat
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

from kpi_pipeline.errors import ConfigurationError

REDACTED = "***"
FILE_SUFFIX = "_FILE"
# Shorter pieces of an encoded secret would also be found in texts that have nothing to do with it.
_LEAST_PIECE = 6


def read_secret(environment: Mapping[str, str], name: str) -> str | None:
    """Return the secret in the variable ``name``, or in the file that ``<name>_FILE`` names; None if neither is set.

    Outer white space is no part of a secret, so that a file may end with a line break.

    Raises:
        ConfigurationError: the named file is missing, empty, no text, or open to others than its owner.
    """
    if value := environment.get(name, "").strip():
        return value
    named = environment.get(f"{name}{FILE_SUFFIX}", "").strip()
    return _file_content(f"{name}{FILE_SUFFIX}", Path(named)) if named else None


class Secrets:
    """The secrets that one process holds; everything that it writes about its work goes through ``redact``."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._forms: set[str] = set()

    def __repr__(self) -> str:
        return "Secrets(***)"

    def read(self, name: str) -> str | None:
        """Return a secret as ``read_secret`` does, and keep it out of texts from now on."""
        value = read_secret(self._environment, name)
        if value is not None:
            self.add(value)
        return value

    def require(self, name: str, purpose: str) -> str:
        """Return a secret that cannot be done without; ``purpose`` continues "is needed ...".

        Raises:
            ConfigurationError: neither the variable nor its file is set, or the file cannot be used.
        """
        value = self.read(name)
        if value is None:
            raise ConfigurationError(
                f"{name}: found neither {name} nor {name}{FILE_SUFFIX} in the environment; one of them is needed "
                f"{purpose}. Set {name}{FILE_SUFFIX} to a file that only you can read and that holds nothing else."
            )
        return value

    def add(self, value: str) -> None:
        """Keep a value out of texts that was learned while running, such as a refreshed token."""
        self._forms |= set(_forms(value))

    def keep(self, name: str, value: str) -> None:
        """Write a secret that its issuer replaced into the file that ``<name>_FILE`` names.

        Raises:
            ConfigurationError: there is no such file, or it cannot be written.
        """
        self.add(value)
        named = self._environment.get(f"{name}{FILE_SUFFIX}", "").strip()
        if not named or self._environment.get(name, "").strip():
            raise ConfigurationError(
                f"{name} is replaced by its issuer with every use; set {name}{FILE_SUFFIX}, and not {name}, to a file "
                "that this program may write."
            )
        path = Path(named)
        new = path.with_name(f"{path.name}.new")
        try:
            new.unlink(missing_ok=True)
            new.touch(mode=0o600)
            new.write_text(f"{value}\n", encoding="utf-8")
            new.replace(path)
        except OSError as error:
            raise ConfigurationError(
                f"{name}{FILE_SUFFIX} names {path}, which cannot be written: {error.strerror}"
            ) from error

    def redact(self, text: str) -> str:
        """Return the text with every secret in it replaced, also where it is encoded for an address or a header."""
        if not self._forms:
            return text
        # The longest first: a secret may begin with another one.
        alternatives = sorted(self._forms, key=lambda form: (-len(form), form))
        return re.sub("|".join(map(re.escape, alternatives)), REDACTED, text)


def _file_content(variable: str, path: Path) -> str:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise FileNotFoundError
        if status.st_mode & 0o077:
            raise ConfigurationError(f"{path} can be read by others than its owner; run: chmod 600 {path}")
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigurationError(f"{variable} names {path}, which is not there; create it or unset it") from error
    except OSError as error:
        raise ConfigurationError(f"{variable} names {path}, which cannot be read: {error.strerror}") from error
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ConfigurationError(f"{path} is not a text; write the secret into it as UTF-8 and nothing else")
    if not text:
        raise ConfigurationError(f"{path} is empty; write the secret into it and nothing else")
    return text


def _forms(value: str) -> Iterator[str]:
    """Yield all the ways in which a secret, or a line of one, may stand in a text."""
    for part in {value, *value.splitlines()}:
        if not part.strip() or (part != value and len(part) < _LEAST_PIECE):
            continue
        yield from (part, json.dumps(part)[1:-1], repr(part)[1:-1])
        yield from (quote(part, safe=""), quote(part), quote_plus(part))
        yield from _base64_forms(part.encode("utf-8", "surrogateescape"))


def _base64_forms(value: bytes) -> Iterator[str]:
    """Yield what Base64 makes of a value behind any text, without the characters that its neighbours decide on too."""
    for before in range(3):
        first = -(-before * 8 // 6)
        last = (before + len(value)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            piece = encode(b"\0" * before + value).decode()[first:last]
            if len(piece) >= _LEAST_PIECE:
                yield piece

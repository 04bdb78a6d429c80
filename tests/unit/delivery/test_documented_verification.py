"""The receiver's check on the page about delivery accepts what we send and nothing else."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from kpi_pipeline.delivery.webhook import signature

BODY = '{"headline": ["فروش"]}'.encode()


@pytest.fixture
def is_genuine(checkout: Path) -> Callable[[dict[str, str], bytes, str], bool]:
    page = (checkout / "docs" / "delivery.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(compile(found[1], "docs/delivery.md", "exec"), names)
    return cast(Callable[[dict[str, str], bytes, str], bool], names["is_genuine"])


def headers(timestamp: str, body: bytes = BODY, key: str = "key") -> dict[str, str]:
    return {"X-KPI-Timestamp": timestamp, "X-KPI-Signature": f"sha256={signature(key, timestamp, body)}"}


def test_what_we_send_is_genuine(is_genuine: Callable[..., bool]) -> None:
    assert is_genuine(headers(str(int(time.time()))), BODY, "key")


def test_what_others_send_again_later_or_changed_is_not(is_genuine: Callable[..., bool]) -> None:
    now = str(int(time.time()))
    assert not is_genuine(headers(now), BODY + b" ", "key")
    assert not is_genuine(headers(now), BODY, "another key")
    assert not is_genuine(headers("1"), BODY, "key")
    assert not is_genuine({**headers("1"), "X-KPI-Timestamp": now}, BODY, "key")

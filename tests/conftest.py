"""Fixtures for all tests: where the shared real files are, and the checkout itself."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Two workers share two cores: threads that wait for each other in tiny sums would triple the time of every fit.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# What the Makefile or the caller's shell names is a real installation; a test names its own.
for name in ("KPI_CONFIG_DIR", "KPI_DATA_DIR", "KPI_HASH_KEY", "KPI_HASH_KEY_FILE", "KPI_SQL_DIR", "DAGSTER_HOME"):
    os.environ.pop(name, None)

CHECKOUT = Path(__file__).resolve().parents[1]

# The default suite draws the same examples every time; `make test-slow` draws new ones.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("random", derandomize=False, print_blob=True)
settings.load_profile(os.environ.get("KPI_TEST_PROFILE", "repeatable"))


@pytest.fixture(scope="session")
def checkout() -> Path:
    return CHECKOUT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data folder is not beside the checkout")
    return folder

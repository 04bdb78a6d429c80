"""A company of real orders, for the pictures of ``docs/reports.md``: 4,000 orders of a Brazilian market place.

Here: putting its configuration together, running it and writing its reports, by the ``kpi`` command as a user would.
The goals of ``olist/`` are made up, the orders and reviews are real; they lie in the shared folder beside the checkout.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from kpi_pipeline.config.paths import CHECKOUT

SHARED = CHECKOUT.parent / "shared" / "data" / "sales" / "olist_4k"
MAPPINGS = CHECKOUT / "tests" / "integration" / "shared_sources"
FILES = {
    "olist_orders": "olist_orders_dataset.csv",
    "olist_payments": "olist_order_payments_dataset.csv",
    "olist_reviews": "olist_order_reviews_dataset.csv",
}
# The sample ends in the middle of the week after the next one.
RUN_ON, WEEK = "2018-08-31", "2018-08-13"


def write_reports(folder: Path) -> Path:
    """Return the data folder in which the reports of one week lie.

    Raises:
        FileNotFoundError: if the shared files are not there.
        subprocess.CalledProcessError: if a command fails; it has said why.
    """
    configuration, data = folder / "config", folder / "data"
    shutil.copytree(CHECKOUT / "config" / "metrics", configuration / "metrics")
    shutil.copytree(Path(__file__).parent / "olist", configuration, dirs_exist_ok=True)
    (configuration / "sources").mkdir()
    for source, file in FILES.items():
        shutil.copy(MAPPINGS / f"{source}.yaml", configuration / "sources")
        (data / "inbox" / source).mkdir(parents=True)
        shutil.copy(SHARED / file, data / "inbox" / source)
    environment = os.environ | {
        "KPI_CONFIG_DIR": str(configuration),
        "KPI_DATA_DIR": str(data),
        "KPI_HASH_KEY": "of these pictures alone, and of no person",
    }
    environment.pop("KPI_HASH_KEY_FILE", None)
    for arguments in (["run", "--on", RUN_ON], ["report", "--week", WEEK]):
        subprocess.run([Path(sys.executable).with_name("kpi"), *arguments], env=environment, check=True)
    return data

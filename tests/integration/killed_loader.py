"""A run that loads exports one by one and is killed by its own hand before the warehouse is closed."""

import os
import signal
from pathlib import Path

from tests.integration.books_company import NOW, BooksCompany, new_books_company


def load_and_die(folder: Path, checkout: Path, exports: int, builds: bool) -> None:
    """Load so many exports in transactions of their own, perhaps build the tables, and vanish without a checkpoint."""
    company = new_books_company(folder, checkout)
    fill(company, 1)
    company.load()
    fill(company, exports)
    with company.installation.open_run() as run:
        run.ingest("books", NOW.date())
        if builds:
            run.write_seeds(NOW.date())
            run.build_tables().raise_failures()
        os.kill(os.getpid(), signal.SIGKILL)


def fill(company: BooksCompany, exports: int) -> None:
    """Drop so many exports of two days each; each begins on the day on which the one before ended."""
    for number in range(exports):
        company.export(number + 4, {day: 100 * (number + 1) + day for day in (number + 2, number + 3)})

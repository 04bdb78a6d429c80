"""What the modules of the ``kpi`` command share: exit codes, and the installation that the environment describes.

Here: nothing that only one of them needs.
"""

import os
from typing import TYPE_CHECKING

from kpi_pipeline.calendar.clock import SystemClock

if TYPE_CHECKING:
    from kpi_pipeline.pipeline import Installation

EXIT_PROBLEM, EXIT_USAGE, EXIT_RUN_ACTIVE = 1, 2, 3


def current_installation() -> "Installation":
    """Return the installation that the environment variables describe."""
    from kpi_pipeline.pipeline import Installation

    return Installation.from_environment(os.environ, SystemClock())

"""How the HTTP layer waits, and how it knows how long it has been at work.

Here: the three things that a test replaces, and the real ones.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Pacing:
    """Time as the HTTP layer sees it.

    Attributes:
        sleep: waits for some seconds.
        elapsed: seconds since some moment in the past.
        jitter: a random number from 0 to 1, so that many clients do not come back at the same moment.
    """

    sleep: Callable[[float], None]
    elapsed: Callable[[], float]
    jitter: Callable[[], float]


def real_pacing() -> Pacing:
    """Return the pacing of the machine."""
    return Pacing(time.sleep, time.monotonic, random.random)

"""Read by every Python process under the clock that leaps, before anything else.

Here: a ``time.sleep`` that waits otherwise. libfaketime 0.9.10 spoils the waiting until an instant of the monotonic
clock, which the interpreter's own one does; waiting for an event is left alone.
"""

import threading
import time


def _sleep(seconds: float) -> None:
    threading.Event().wait(seconds)


time.sleep = _sleep

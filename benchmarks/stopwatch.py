"""Timing parts of the product inside a scenario program, without touching the product.

Here: replacing a function by one that counts its time. Which functions are worth watching is known to the scenarios.
"""

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Label = str | Callable[..., str | None]


class Stopwatch:
    """Wall seconds by label; a call inside another one counts for both labels."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def counted(self, label: str) -> Iterator[None]:
        """Count the time of the body."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[label] = self.seconds.get(label, 0.0) + time.perf_counter() - started

    def watch(self, owner: object, name: str, label: Label) -> None:
        """Count the time of a function from now on; what it yields one by one is made at once, to be counted too.

        Args:
            owner: where the callers look the function up: the module that imports it, or its class.
            name: the function's name there.
            label: what to count it as, or a function of its arguments that says so; None is not counted.
        """
        original: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(original)
        def timed(*arguments: Any, **options: Any) -> Any:
            counted = label if isinstance(label, str) else label(*arguments, **options)
            if counted is None:
                return original(*arguments, **options)
            with self.counted(counted):
                result = original(*arguments, **options)
                return iter(list(result)) if isinstance(result, Iterator) else result

        setattr(owner, name, timed)


@contextmanager
def own_clock(report: dict[str, Any]) -> Iterator[None]:
    """Enter the wall and CPU seconds of the body into a scenario program's report."""
    started, started_cpu = time.perf_counter(), time.process_time()
    yield
    report |= {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - started_cpu}

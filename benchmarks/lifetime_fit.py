"""Scenario program: fitting the BG/NBD model to customers, with our own likelihood and with ``lifetimes``.

Here: simulated customers and both ways of fitting. Comparing them belongs to ``lifetime_scenario``.

Usage: ``simulate FILE CUSTOMERS``, ``convert FILE SUMMARY`` for a summary of real customers (x, t_x, T in weeks),
``ours FILE`` or ``lifetimes FILE SECONDS``, the last with the seconds after which it is stopped.
"""

import csv
import signal
import sys
import warnings
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import reported
from benchmarks.stopwatch import own_clock

SEED = 2005
DAYS_OF_WEEK = 7
# Customers first buy on a day of the first year; all are observed until the end of the second.
FIRST_DAYS, LAST_DAY = 52 * DAYS_OF_WEEK, 104 * DAYS_OF_WEEK
# What Fader, Hardie and Lee (2005) found for the customers of a music shop.
TRUTH = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}

Numbers = NDArray[np.float64]


def simulate(customers: int) -> tuple[Numbers, Numbers, Numbers]:
    """Return frequency, recency and age in weeks of customers who live by the model and are seen by the day."""
    draws = np.random.default_rng(SEED)
    rates = np.maximum(draws.gamma(TRUTH["r"], 1 / TRUTH["alpha"], customers) / DAYS_OF_WEEK, 1e-12)
    leaves = draws.beta(TRUTH["a"], TRUTH["b"], customers)
    age = LAST_DAY - draws.integers(0, FIRST_DAYS, customers).astype(np.float64)
    time, frequency, recency = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    active = np.arange(customers)
    while len(active):
        time[active] += draws.exponential(1 / rates[active])
        active = active[time[active] < age[active] + 1]
        days = np.floor(time[active])
        is_new = days > recency[active]
        frequency[active[is_new]] += 1
        recency[active[is_new]] = days[is_new]
        active = active[draws.random(len(active)) >= leaves[active]]
    return frequency, recency / DAYS_OF_WEEK, age / DAYS_OF_WEEK


def read_summary(path: Path) -> tuple[Numbers, Numbers, Numbers]:
    """Return the same columns of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(float(row["frequency"]), float(row["recency"]), float(row["T"])) for row in csv.DictReader(file)]
    frequency, recency, age = np.array(rows).T
    return frequency, recency, age


def fit_ours(frequency: Numbers, recency: Numbers, age: Numbers, report: dict[str, Any]) -> None:
    """Group the customers and fit our model."""
    import scipy.optimize
    import scipy.special  # noqa: F401 - both clocks start after the imports

    from kpi_pipeline.analysis.lifetime.bg_nbd import fit_bg_nbd
    from kpi_pipeline.analysis.lifetime.purchase_history import grouped_histories

    with own_clock(report):
        histories = grouped_histories(frequency, recency, age)
        fit = fit_bg_nbd(histories)
    report |= {"rows": len(histories.customers), "fault": fit.fault}
    report |= {"parameters": vars(fit.model), "log_likelihood": fit.log_likelihood}


def fit_lifetimes(frequency: Numbers, recency: Numbers, age: Numbers, limit: int, report: dict[str, Any]) -> None:
    """Fit the model of ``lifetimes`` as its own manual does, for at most ``limit`` seconds."""
    warnings.simplefilter("ignore")  # what its derivatives say about overflow on the way
    from lifetimes import BetaGeoFitter

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(limit)
    fitter = BetaGeoFitter()
    try:
        with own_clock(report):
            fitter.fit(frequency, recency, age)
    except TimeoutError:
        report |= {"seconds": float(limit), "cpu_seconds": float(limit), "stopped_after": limit}
        return
    finally:
        signal.alarm(0)
    from kpi_pipeline.analysis.lifetime.bg_nbd import BgNbdLikelihood
    from kpi_pipeline.analysis.lifetime.purchase_history import grouped_histories

    parameters = {name: float(fitter.params_[name]) for name in TRUTH}
    report |= {"rows": len(frequency), "parameters": parameters}
    # Its own figure is that of times scaled to at most 1; ours is in weeks, like the published one.
    likelihood = BgNbdLikelihood(grouped_histories(frequency, recency, age))
    report["log_likelihood"] = likelihood.value(np.log(list(parameters.values()))) * len(frequency)


def main(arguments: list[str]) -> None:
    """Do one thing and report about it."""
    command, name, *rest = arguments
    report: dict[str, Any] = {}
    if command in ("simulate", "convert"):
        columns = simulate(int(rest[0])) if command == "simulate" else read_summary(Path(rest[0]))
        np.save(name, np.array(columns))
        report["customers"] = len(columns[0])
    elif command == "ours":
        fit_ours(*np.load(name), report)
    elif command == "lifetimes":
        fit_lifetimes(*np.load(name), int(rest[0]), report)
    else:
        raise SystemExit(__doc__)
    reported(report)


if __name__ == "__main__":
    main(sys.argv[1:])

"""How fast the model of repeat purchases is fitted, compared with the package that people use for it.

Here: running both in turn on the same customers and putting the answer together. Customers and fits belong to
``lifetime_fit``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from benchmarks.measure import CHECKOUT, Program, Series, run_interleaved, run_once
from benchmarks.tables import Table, ratio, seconds, verdict
from benchmarks.workspace import Workspace

PROGRAM = ("-m", "benchmarks.lifetime_fit")
REAL_SUMMARY = CHECKOUT.parent / "shared" / "data" / "sales" / "cdnow" / "cdnow_customers_summary.csv"
REAL_CUSTOMERS = 2_357
SECONDS_TARGET, MEGABYTES_TARGET = 60.0, 2_000.0
# A peer that needs longer is stopped.
PEER_SECONDS = 600
FROM_THIS_SIZE_ONCE = 100_000
# As the product's command does.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Sample:
    """Customers to fit the model to."""

    name: str
    customers: int
    file: Path


def measure_lifetime(workspace: Workspace) -> list[Table]:
    """Fit all samples with both."""
    found = []
    for sample in _samples(workspace, workspace.fresh_folder("lifetime")):
        repetitions = 1 if sample.customers >= FROM_THIS_SIZE_ONCE else workspace.extent.demo_repetitions
        programs = [Program(f"{sample.name}, ours", (*PROGRAM, "ours", str(sample.file)), ENVIRONMENT)]
        if find_spec("lifetimes"):
            arguments = (*PROGRAM, "lifetimes", str(sample.file), str(PEER_SECONDS))
            programs.append(Program(f"{sample.name}, lifetimes", arguments, ENVIRONMENT))
        found.append((sample, run_interleaved(programs, repetitions, workspace.say)))
    return [_table(found)]


def _samples(workspace: Workspace, folder: Path) -> Iterator[Sample]:
    if REAL_SUMMARY.is_file():
        file = folder / "real.npy"
        run_once(Program("convert", (*PROGRAM, "convert", str(file), str(REAL_SUMMARY)), {}))
        yield Sample(f"CDNOW, {REAL_CUSTOMERS:,} customers", REAL_CUSTOMERS, file)
    sizes = workspace.extent.lifetime_customers
    for customers in sizes if REAL_SUMMARY.is_file() else (REAL_CUSTOMERS, *sizes):
        workspace.say(f"preparing: {customers:,} simulated customers")
        file = folder / f"{customers}.npy"
        run_once(Program("simulate", (*PROGRAM, "simulate", str(file), str(customers)), {}))
        yield Sample(f"simulated, {customers:,}", customers, file)


def _table(found: Sequence[tuple[Sample, Sequence[Series]]]) -> Table:
    largest, (ours, *_) = found[-1]
    took, peak = ours.inside("").best.seconds, ours.peak_mb
    is_met = "met" if {verdict(took, SECONDS_TARGET), verdict(peak, MEGABYTES_TARGET)} == {"met"} else "missed"
    peer = f"lifetimes {version('lifetimes')}" if find_spec("lifetimes") else "lifetimes"
    rows = []
    for sample, series in found:
        for name, each in zip(("ours", peer), series, strict=False):
            rows.append((f"{sample.name}: {name}", *_cells(each, series[0])))
    return Table(
        "How fast is the model of repeat purchases fitted, and to what?",
        "BG/NBD by maximum likelihood, from one row per customer: ours groups equal histories and searches from four"
        f" starting points, {peer} from one; both use one thread for linear algebra. Seconds are by the programs' own"
        " clocks after their imports; the peak is that of the whole process. Log-likelihoods are all computed by the"
        " same function, in weeks. Simulated customers live by r 0.243, alpha 4.414, a 0.793 and b 2.426, but are seen"
        f" by the day, which joins purchases of the same day. A peer is stopped after {PEER_SECONDS:,} seconds. Target"
        f" for ours at {largest.customers:,} customers: under {SECONDS_TARGET:.0f} s and {MEGABYTES_TARGET:,.0f} MB;"
        f" **{is_met}**.",
        (
            *("", "seconds, best", "times ours", "CPU seconds", "peak MB", "rows in the likelihood"),
            *("r", "alpha", "a", "b", "log-likelihood", "repetitions"),
        ),
        tuple(rows),
    )


def _cells(series: Series, ours: Series) -> tuple[str, ...]:
    own, best = series.inside(""), series.inside("").best
    repetitions = str(len(series.samples))
    compared = ratio(best.seconds / ours.inside("").best.seconds)
    if "stopped_after" in best.report:
        stopped = best.report["stopped_after"]
        return (f"> {stopped}", f"> {compared}", f"> {stopped}", f"> {own.peak_mb:,.0f}", *["stopped"] * 6, repetitions)
    parameters = best.report["parameters"]
    return (
        seconds(best.seconds),
        compared,
        seconds(own.cpu_seconds),
        f"{own.peak_mb:,.0f}",
        f"{best.report['rows']:,}",
        *(f"{parameters[name]:.5f}" for name in ("r", "alpha", "a", "b")),
        f"{best.report['log_likelihood']:,.4f}",
        repetitions,
    )

"""How long it takes to make both reports in all their forms.

Here: the question and its answer by forms. Making them is ``report_step``.
"""

from datetime import date, timedelta

from benchmarks.demo_scenarios import DEMO_WEEKS
from benchmarks.measure import Program, run_interleaved, run_once
from benchmarks.report_step import AUDIENCES, LANGUAGES
from benchmarks.tables import Table, seconds, share, verdict
from benchmarks.workspace import Workspace

TARGET_SECONDS = 5.0


def measure_reports(workspace: Workspace) -> list[Table]:
    """Publish the demo once, and make its reports again and again."""
    company, data = workspace.company(DEMO_WEEKS), workspace.folder / "reports"
    workspace.fresh_folder(data.name)
    days = ("-m", "benchmarks.demo_days", "all", str(company.folder), *company.arrival_days)
    run_once(Program("the demo's days", days, workspace.environment(data)))
    last = date.fromisoformat(company.arrival_days[-1])
    week = last - timedelta(days=last.weekday() + 7)
    program = Program("all forms", ("-m", "benchmarks.report_step", str(data), week.isoformat()), {})
    (series,) = run_interleaved([program], workspace.extent.demo_repetitions, workspace.say)
    best = min(series.samples, key=lambda sample: sample.report["seconds"])
    parts, whole = best.report["parts"], best.report["seconds"]
    return [
        Table(
            "How long does it take to make both reports in all their forms?",
            f"{len(AUDIENCES)} audiences in {len(LANGUAGES)} languages for one week of the demo, each as a frozen"
            f" report, web page, PDF, workbook, text and mail. Target: under {TARGET_SECONDS:.0f} s in all;"
            f" **{verdict(whole, TARGET_SECONDS)}** with {seconds(whole)} s ({seconds(best.report['cpu_seconds'])} s"
            " CPU), after the imports.",
            ("form", "share", "seconds"),
            (
                ("all", share(1), seconds(whole)),
                *((name, share(part / whole), seconds(part)) for name, part in sorted(parts.items(), key=_by_time)),
            ),
        )
    ]


def _by_time(part: tuple[str, float]) -> float:
    return -part[1]

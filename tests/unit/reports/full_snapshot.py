"""A snapshot with a row in every table, in which each text from outside is the one that the test gives."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

WEEK = date(2026, 11, 9)
HOSTILE = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}{0}{name}\u202e\u2066\r\n&amp;"
CORRELATION = {"correlation": 0.8, "correlation_low": 0.5, "correlation_high": 0.9, "verdict": "strong"}


def full_snapshot(maker: Any, text: str = "Name") -> Path:
    """A snapshot in which every text from outside is ``text``."""
    names = {f"{field}_{code}": text for field in ("name", "owner_name", "question", "action") for code in ("en", "fa")}
    maker.add_kpi("conversion", pace_status="off_track", forecast_at_deadline=6.0, change_is_detectable=True, **names)
    maker.rows["objectives"][0] |= {"statement_en": text, "why_en": text, "statement_fa": text, "why_fa": text}
    maker.rows["objectives"][1] |= {"statement_en": text, "why_en": text, "statement_fa": text, "why_fa": text}
    maker.add_answer("conversion", question_en=text, question_fa=text, answer_en=text, answer_fa=text)
    maker.rows["snapshot"][0] |= {"company_name_en": text, "company_name_fa": text, "time_zone": text}
    finding = {"finding_en": text, "finding_fa": text}
    for rank, member in enumerate((text, "mobile"), 1):
        part = {"previous_value": 5.0, "value": 5.5, "effect": 0.25, "share_of_change": 0.5, "driver_rank": rank}
        place = {"kpi_id": "conversion", "week_start": WEEK, "dimension": "device", "member": member}
        maker.add("contributions", method="mix_rate", mix_effect=0.1, rate_effect=0.15, **place, **part, **finding)
        maker.add("anomalies", rule="beyond_limits", value=2.0, low=3.0, high=4.0, score=-5.0, **place, **finding)
    change = {
        "old_value": 5.0,
        "new_value": 5.5,
        "cause": "late_data",
        "effect": 0.5,
        "was_sent": True,
        "is_correction": True,
    }
    times = {"to_snapshot": "b", "to_published_at": datetime(2026, 11, 17)}
    audience = {"audience": maker.audience, "week_start": WEEK, "kpi_id": "conversion"}
    maker.add("restatements", **audience, **change, **times, **finding)
    if maker.audience == "internal":
        maker.add(
            "catalogue",
            metric_id="sessions",
            unit="count",
            decimals=0,
            audience="internal",
            missing_parts=text,
            **names,
        )
        free = ("resources", "where_scope", "assumptions", "expired_assumptions", "risks", "tasks", "tasks_done")
        people = {"responsible": text, "consulted": "cmo", "guardrails": text, "is_replace_candidate": True}
        # Entries of a list stand on lines of their own.
        maker.rows["catalogue"][0] |= dict.fromkeys(free, " ".join(text.splitlines())) | people
        maker.add("owners", owner_id="cmo", name_en=text, name_fa=text)
        maker.add("smart", kpi_id="conversion", letter="A", verdict="fail", **finding)
        maker.add("scores", kpi_id="conversion", property="timely", score=0.5, is_passed=False, **finding)
        effort = {"efficiency_metric": text, "per": text, "result_per_effort": 0.5}
        maker.add("efficiency", kpi_id="conversion", week_start=WEEK, **effort)
        statement = {"statement_en": text, "statement_fa": text}
        maker.add("success_factors", success_factor_id="f", objective_id="buy", kpi_ids=text, kpis=0, **statement)
        maker.add_value("sessions", 5.0)
        maker.add_value("sessions", 5.0, dimension="channel", member=text)
        for kind in ("quarantined_file", "check_warning"):
            found = {"found": text, "expected": text, "message": text, "column_name": text, "line": 3}
            maker.add("quality", kind=kind, source=text, metric_id=text, file_name=text, **found)
        maker.add("relations", kpi_id="conversion", lag_weeks=1, expected_sign=1, **CORRELATION, **finding)
        maker.add("lineage", source=text, batch_id="1", file_name=text, rows_loaded=1, metric_id="sessions")
    return maker.write()

"""The columns of ``kpi.catalogue`` and of the tables of goals and judgements: types and descriptions side by side.

Here: each column once, as (type, description). A column without text is not published. ``row_tables`` and
``descriptions`` take them from here; how rows are made belongs to the module of each table.
"""

Columns = dict[str, tuple[str, str]]

# Exact sums: money has at most four decimals, and six leave room for rates.
SUM_TYPE = "decimal(38, 6)"

CATALOGUE: Columns = {
    "metric_id": ("varchar", "id of the metric"),
    "kpi_id": ("varchar", "id of the commitment; NULL for a metric that no KPI is about"),
    "name_en": ("varchar", "name in English"),
    "name_fa": ("varchar", "name in Persian"),
    "definition_en": ("varchar", "what exactly is counted, in English"),
    "definition_fa": ("varchar", "what exactly is counted, in Persian"),
    "formula": ("varchar", "the formula over measures; sums are implied"),
    "sql": ("varchar", "the statement that computes it by week; it runs on the internal file"),
    "unit": ("varchar", "percent, points, currency, count, ratio, minutes, hours, days or months"),
    "form": ("varchar", "number, ratio, distinct, quantile, index or cohort: how it may be put together"),
    "basis": ("varchar", "what the day of a case is, such as order placed; several where the formula mixes them"),
    "direction": ("varchar", "higher_better or lower_better"),
    "decimals": ("integer", "decimals to show"),
    "default_audience": ("varchar", "internal, or external for what executives may be shown; a commitment decides"),
    "profiles": ("varchar", "the kinds of business whose ready-made set it belongs to"),
    "edge_rules": ("varchar", "the cases that its definition had to decide"),
    "reference": ("varchar", "where the definition comes from"),
    "metric_version": ("integer", "version of the definition"),
    "audience": ("varchar", "internal or executive"),
    "status": ("varchar", "draft, metric or active: how far the commitment has got"),
    "missing_parts": (
        "varchar",
        "what keeps the commitment from being a KPI; NULL if it is one, or there is no commitment",
    ),
    "class": ("varchar", "business, or function where it is about one department's work"),
    "function": ("varchar", "the department, where the class is function"),
    "scope": ("varchar", "individual, team, department or company: whom it measures"),
    "owner": ("varchar", "id of the accountable person"),
    "owner_name_en": ("varchar", "name of the accountable person in English"),
    "owner_name_fa": ("varchar", "name of the accountable person in Persian"),
    "responsible": ("varchar", "ids of those who do the work"),
    "consulted": ("varchar", "ids of those who are asked"),
    "informed": ("varchar", "ids of those who are told"),
    "objective_id": ("varchar", "id of the objective that it serves"),
    "objective_chain": ("varchar", "ids from the business objective down to that objective"),
    "success_factor": ("varchar", "id of the success factor that it measures"),
    "criterion": ("varchar", "id of the quality that it stands for"),
    "answers": ("varchar", "ids of the questions that it answers"),
    "question_en": ("varchar", "the first question that it answers, in English"),
    "question_fa": ("varchar", "the first question that it answers, in Persian"),
    "why_en": ("varchar", "why somebody is committed to it, in English"),
    "why_fa": ("varchar", "why somebody is committed to it, in Persian"),
    "resources": ("varchar", "what it takes, one per line"),
    "where_scope": ("varchar", "where the effort goes"),
    "efficiency_metric": ("varchar", "metric or measure that says what came of the effort, see kpi.efficiency"),
    "per": ("varchar", "metric or measure that says how much effort it was"),
    "assumptions": ("varchar", "what the target rests on, one per line, with the last day for which it was assumed"),
    "expired_assumptions": ("varchar", "those that were assumed for days that have passed, one per line"),
    "risks": ("varchar", "what may go wrong, one per line"),
    "obstacles": ("varchar", "what stands in the way, one per line"),
    "opportunities": ("varchar", "what may help, one per line"),
    "tasks": ("varchar", "the work that is left, one task per line, with the day by which it is to be done"),
    "tasks_done": ("varchar", "the work that is done, one task per line"),
    "after_completion": ("varchar", "what follows when all tasks are done"),
    "is_strategy_review_due": ("boolean", "whether all tasks are done, so that the strategy has to be reviewed"),
    "baseline": ("double", "where it stood when the target was set"),
    "baseline_from": ("date", "first day of the first week of the baseline"),
    "baseline_to": ("date", "first day of the last week of the baseline"),
    "target": ("double", "what it is to reach; NULL where it is to stay inside a band"),
    "target_low": ("double", "lower end of the band that it is to stay inside; NULL where there is no band"),
    "target_high": ("double", "upper end of that band"),
    "deadline": ("date", "by when"),
    "path": ("varchar", "linear, geometric or seasonal: how it is to get there"),
    "consecutive_weeks": ("integer", "how many weeks in a row must reach the target"),
    "min_probability": ("double", "a target that is less likely than this is refused, unless overridden"),
    "feasibility": ("varchar", "trivial, achievable, stretch or unrealistic by the forecast; NULL if not known"),
    "swot_ref": ("varchar", "the analysis of strengths, weaknesses, opportunities and threats behind the target"),
    "override_reason": ("varchar", "why the target stands although it looks unrealistic"),
    "override_approved_by": ("varchar", "id of the executive who said so"),
    "guardrails": ("varchar", "ids of KPIs that must not suffer while this one improves"),
    "action_en": ("varchar", "what is done when it is off track, in English"),
    "action_fa": ("varchar", "what is done when it is off track, in Persian"),
    "review_every_weeks": ("integer", "how often the commitment is looked at again"),
    "review_next_on": ("date", "when next"),
    "is_review_overdue": ("boolean", "whether that day has passed"),
    "objective_metric": ("varchar", "metric that the objective is measured by"),
    "expected_sign": ("integer", "1 if that metric is expected to rise with this one, -1 if it is to fall"),
    "lag_weeks": ("integer", "how many weeks later the effect shows"),
    "evidence": ("varchar", "measured, identity, self or hypothesis: what is known about the effect"),
    "evidence_state": (
        "varchar",
        "what the data leave of it: confirmed, unconfirmed, not_judged, by_construction or hypothesis",
    ),
    "identity": ("varchar", "the equation that makes the effect certain"),
    "evidence_expires_on": ("date", "last day on which the hypothesis counts"),
    "max_latency_hours": ("integer", "within what time after its end a week is promised to be final"),
    "min_coverage_pct": ("double", "percentage of the days that are promised to be there"),
    "is_replace_candidate": ("boolean", "whether two or more of its scores are not passed, see kpi.scores"),
    "example": ("boolean", "whether it is an example that ships with the product"),
    "sources": ("varchar", "the sources that it is made from"),
    "version": ("integer", "version of the commitment"),
    "effective_from": ("date", "first day of that version"),
    "definition_hash": ("varchar", "hash of everything that decides what the number means"),
    "meaning_hash": ("varchar", "hash of the formula and options as they are written, whatever computes them"),
}
OBJECTIVES: Columns = {
    "objective_id": ("varchar", "id of the objective"),
    "level": ("varchar", "business, external or internal"),
    "parent": ("varchar", "id of the objective that it serves; NULL for business objectives"),
    "department": ("varchar", "the department that pursues it; NULL for business objectives"),
    "statement_en": ("varchar", "what is wanted, in English"),
    "statement_fa": ("varchar", "what is wanted, in Persian"),
    "why_en": ("varchar", "why it is wanted, in English"),
    "why_fa": ("varchar", "why it is wanted, in Persian"),
    "owner": ("varchar", "id of the owner"),
    "approved_by": ("varchar", "id of the executive who approved it"),
    "approved_on": ("date", "when it was approved"),
    "review_on": ("date", "when it is looked at again"),
    "is_review_overdue": ("boolean", "whether that day has passed"),
    "is_measurable": ("boolean", "whether a metric bound to it has at least 8 final weeks"),
    "position": ("integer", "place in the order from top to bottom"),
}
SUCCESS_FACTORS: Columns = {
    "success_factor_id": ("varchar", "id of the success factor"),
    "objective_id": ("varchar", "id of the objective for which it must go right"),
    "statement_en": ("varchar", "what must go right, in English"),
    "statement_fa": ("varchar", "what must go right, in Persian"),
    "kpi_ids": ("varchar", "the KPIs that measure it, among those that the readers of this file may see"),
    "kpis": ("integer", "how many they are"),
    "is_covered": ("boolean", "whether any KPI measures it"),
}
CRITERIA: Columns = {
    "criterion_id": ("varchar", "id of the criterion"),
    "name_en": ("varchar", "the quality that somebody cares about, in English"),
    "name_fa": ("varchar", "the quality that somebody cares about, in Persian"),
    "measured_by": ("varchar", "ids of the KPIs and metrics that stand for it; their numbers are not the quality"),
    "is_assessable": ("boolean", "whether one of them has at least 8 final weeks"),
}
ALIGNMENT: Columns = {
    "department": ("varchar", "id of the department"),
    "internal_objectives": ("integer", "how many internal objectives it pursues"),
    "external_objectives": ("integer", "how many external objectives it pursues"),
    "internal_kpis": ("integer", "how many KPIs serve its internal objectives"),
    "external_kpis": ("integer", "how many KPIs serve its external objectives"),
    "is_aligned": ("boolean", "whether it has objectives and KPIs of both kinds"),
}
OWNERS: Columns = {
    "owner_id": ("varchar", "id of the person or role"),
    "name_en": ("varchar", "name in English"),
    "name_fa": ("varchar", "name in Persian"),
    "owner_group": ("varchar", "executive or department"),
    "department": ("varchar", "the department; NULL for those of none"),
    "is_active": ("boolean", "whether the person is still there"),
    "kpis": ("integer", "how many KPIs the person is accountable for"),
}
SMART: Columns = {
    "kpi_id": ("varchar", "id of the KPI"),
    "letter": ("varchar", "S, M, A, R or T: specific, measurable, achievable, relevant, time-bound"),
    "verdict": ("varchar", "pass, warning, fail or not_judged"),
    "code": ("varchar", "code of what is wrong, such as KPI033; NULL if it has none"),
    "finding_en": ("varchar", "what was found, in English"),
    "finding_fa": ("varchar", "what was found, in Persian"),
}
SCORES: Columns = {
    "kpi_id": ("varchar", "id of the KPI"),
    "property": ("varchar", "accessible, impactful, relevant, actionable or timely"),
    "score": ("double", "0 to 1; NULL if that cannot be told"),
    "is_passed": ("boolean", "whether it is good enough; NULL if that cannot be told"),
    "finding_en": ("varchar", "what was found, in English"),
    "finding_fa": ("varchar", "what was found, in Persian"),
}
ANSWERS: Columns = {
    "question_id": ("varchar", "id of the question"),
    "objective_id": ("varchar", "id of the objective that it is about"),
    "kind": ("varchar", "how, feasibility, change, why, who, success or when"),
    "question_en": ("varchar", "the question in English"),
    "question_fa": ("varchar", "the question in Persian"),
    "kpi_id": ("varchar", "id of the KPI that answers it; NULL if none does"),
    "week_start": ("date", "first day of the week that the answer is about: the last complete one"),
    "answer_en": ("varchar", "the answer in English"),
    "answer_fa": ("varchar", "the answer in Persian"),
    "audience": ("varchar", "internal or executive: for whom the answer is worded"),
}
EFFICIENCY: Columns = {
    "kpi_id": ("varchar", "id of the KPI"),
    "week_start": ("date", "first day of the week"),
    "efficiency_metric": ("varchar", "what came of the effort"),
    "per": ("varchar", "the effort"),
    "result": ("double", "the former's value of the week"),
    "effort": ("double", "the latter's value of the week"),
    "result_per_effort": ("double", "result for each unit of effort; NULL without effort"),
}
SEGMENTS: Columns = {
    "kpi_id": ("varchar", "id of the KPI"),
    "week_start": ("date", "first day of the last complete week"),
    "dimension": ("varchar", "what the value is split by"),
    "member": ("varchar", "member of the dimension, empty where the source does not say it"),
    "value": ("double", "the KPI's value of that member"),
    "rank": ("integer", "place among the members with a value, 1 for the best; equal values share a place"),
    "members": ("integer", "how many members have a value"),
}


def types(columns: Columns) -> dict[str, str]:
    """Return column → data type."""
    return {name: data_type for name, (data_type, _) in columns.items()}


def texts(columns: Columns) -> dict[str, str]:
    """Return column → description."""
    return {name: text for name, (_, text) in columns.items()}

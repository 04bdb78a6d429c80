"""A company with two KPIs for executives, and many internal ones of which every word and number can be recognised.

Here: its configuration and its exports, and the list of what must never reach executives. Mailings are what internal
KPIs count; advertising and the books are what executives see.
"""

import os
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.report_forms import numbers_in, plain

AS_OF = date(2026, 11, 18)
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
WEEKS = [date(2026, 10, 26) + timedelta(weeks=number) for number in range(3)]
WEEK = WEEKS[-1]
KPIS = 18
# Every day the same: so many recipients of mailings in the earlier weeks and in the last one.
EARLIER, LAST = 3, 1
CLICKS_A_DAY = 200_011


class WithoutAliases(yaml.SafeDumper):
    """Writes a value out wherever it stands, as a configuration must."""

    def ignore_aliases(self, data: object) -> bool:
        return True


@dataclass
class Canaries:
    """What is internal; each of them stands in nothing else.

    Attributes:
        words: ids and names, as ``plain`` writes them.
        numbers: values, targets and factors of formulas, with all their digits.
    """

    words: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        return [*self.words, *self.numbers]

    def found_in(self, text: str) -> set[str]:
        """Return those that stand in a text as ``plain`` writes it."""
        return {word for word in self.words if word in text} | (numbers_in(text) & set(self.numbers))

    def word(self, stem: str, number: int = 0) -> str:
        """A word of Latin letters that no language has."""
        return self._kept(f"{stem}{_letters(number, 'bdfgklmnprstvz')}")

    def persian(self, stem: str, number: int = 0) -> str:
        """A word of Persian letters that the language does not have."""
        return self._kept(f"{stem}{_letters(number, 'بدفگکلمنپرستوز')}")

    def number(self, value: int) -> int:
        self.numbers.append(str(value))
        return value

    def _kept(self, word: str) -> str:
        self.words.append(plain(word))
        return word


def _letters(number: int, letters: str) -> str:
    return letters[number // len(letters)] + letters[number % len(letters)]


def write_canary_company(folder: Path) -> Canaries:
    """Write ``config/`` and ``data/inbox/`` into a folder; return what is internal."""
    canaries = Canaries()
    parts = _configuration(canaries)
    for name, content in parts.items():
        path = folder / "config" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.dump(content, Dumper=WithoutAliases, allow_unicode=True), encoding="utf-8")
    files = _exports(canaries)
    for name, text in files.items():
        path = folder / "data" / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (NOW.timestamp() - 60, NOW.timestamp() - 60))
    return canaries


def _text(english: str, persian: str) -> dict[str, str]:
    return {"en": english, "fa": persian}


def _metric(
    name: dict[str, str], formula: str, measure_values: dict[str, int], value: float, unit: str
) -> dict[str, Any]:
    return {
        "name": name,
        "formula": formula,
        "unit": unit,
        "direction": "higher_better",
        "decimals": 2 if unit == "currency" else 0,
        "example": {"given": measure_values, "value": value},
        "source": "made up",
    }


def _kpi(metric: str, goal: str, owner: str, target: float, tasks: list[str], why: dict[str, str]) -> dict[str, Any]:
    return {
        "metric": metric,
        "version": 1,
        "status": "active",
        "effective_from": WEEKS[0],
        **({"class": "business"} if goal == "grow" else {"class": "function", "function": "marketing"}),
        "objective": goal,
        "success_factor": f"factor_{goal}",
        "criterion": "quality" if goal in ("grow", "buy") else "quality_inside",
        "answers": [f"how_{goal}"],
        "why": why,
        "what": ["two people"],
        "who": {"accountable": owner, "responsible": [owner]},
        "where": {"scope": "everywhere", "efficiency_metric": metric, "per": metric},
        "when": {"assumptions": [], "risks": [], "obstacles": [], "opportunities": []},
        "how": {"tasks": tasks},
        "target": {
            "baseline": {"value": 1, "from_week": WEEKS[0], "to_week": WEEKS[0]},
            "value": target,
            "deadline": date(2027, 3, 28),
            "success_rule": {"comparator": ">=", "consecutive_weeks": 2},
            **({"achievability": {"swot_ref": "an analysis"}} if goal == "grow" else {}),
        },
        "review": {"every_weeks": 4, "next_on": date(2027, 1, 4)},
        "impact": {"objective_metric": metric, "expected_sign": 1, "lag_weeks": 0, "evidence": "self"},
        "actions": [{"when": "off_track", "do": _text("Try harder", "بیشتر بکوشید"), "owner": owner}],
        "quality": {"max_latency_hours": 400, "min_coverage_pct": 95},
    }


def _configuration(canaries: Canaries) -> dict[str, Any]:
    inner, lead, list_source = canaries.word("tune_xolqu"), canaries.word("lead_drelm"), canaries.word("src_plimth")
    metrics = {
        "running_costs": _metric(
            _text("Running costs", "هزینهٔ اداره"), "operating_costs", {"operating_costs": 5}, 5, "currency"
        ),
        "click_price": _metric(
            _text("Price of a click", "بهای کلیک"), "ad_cost / ad_clicks", {"ad_cost": 6, "ad_clicks": 3}, 2, "currency"
        ),
    }
    because = _text("Because it matters to everybody here", "زیرا برای همهٔ ما در اینجا مهم است")
    kpis = {
        "running_costs": _kpi("running_costs", "grow", "ceo", 9000, ["look at contracts"], because),
        "click_price": _kpi("click_price", "buy", "cmo", 7, ["compare offers"], because),
    }
    inside = []
    for number in range(KPIS):
        metric, kpi = canaries.word("metric_fext", number), canaries.word("kpi_quaz", number)
        name = _text(f"{canaries.word('Vyrn', number)} pace", f"شتاب {canaries.persian('گژپ', number)}")
        if number:
            factor = canaries.number(20_011 + 634 * number)
            formula, given, value = f"email_recipients * {factor}", {"email_recipients": 1}, factor
            canaries.number(7 * LAST * factor)
            canaries.number(7 * EARLIER * factor)
        else:
            # One side of what executives see, which is therefore withheld.
            formula, given, value = "ad_clicks", {"ad_clicks": 1}, 1
            canaries.number(7 * CLICKS_A_DAY)
        metrics[metric] = _metric(name, formula, given, value, "count")
        target = canaries.number(900_001 + 1_510 * number)
        why = _text(
            f"Because {canaries.word('wumb', number)} matters a lot",
            f"زیرا {canaries.persian('ژیخ', number)} برای همه مهم است",
        )
        kpis[kpi] = _kpi(metric, inner, lead, target, [canaries.word("snorf", number)], why)
        inside.append((metric, kpi))
    goals = _goals(canaries, inner, lead, inside)
    return {
        "company": {
            "name": _text("Test shop", "فروشگاه آزمون"),
            "time_zone": "UTC",
            "week_start": "monday",
            "reporting_currency": "EUR",
            "languages": ["en", "fa"],
            "started_on": date(2026, 1, 1),
        },
        "metrics/all": metrics,
        "kpis/company": kpis,
        "goals": goals,
        "reports": {
            "reports": {
                f"weekly_{audience}": {
                    "audience": audience,
                    "title": _text("Weekly report", "گزارش هفتگی"),
                    "languages": ["en", "fa"],
                }
                for audience in ("internal", "executive")
            }
        },
        "sources/books": {"system": "ledger", "restates_days": 0},
        "sources/ads": {
            "system": "csv",
            "subject": "ad_performance",
            "currency": "EUR",
            "restates_days": 0,
            "columns": {
                name: {"header": name} for name in ("day", "platform", "campaign_id", "impressions", "clicks", "cost")
            },
        },
        f"sources/{list_source}": {
            "system": "csv",
            "subject": "email_campaigns",
            "restates_days": 0,
            "inbox": "mailings",
            "columns": {
                name: {"header": name} for name in ("campaign_id", "day", "list_id", "list_name", "recipients")
            },
        },
    }


def _goals(canaries: Canaries, inner: str, lead: str, inside: list[tuple[str, str]]) -> dict[str, Any]:
    objectives = {
        "grow": {"level": "business", "statement": _text("Grow", "رشد"), "owner": "ceo"},
        "buy": {
            "level": "external",
            "parent": "grow",
            "department": "marketing",
            "statement": _text("Buy well", "خرید خوب"),
            "owner": "cmo",
        },
        inner: {
            "level": "internal",
            "parent": "buy",
            "department": "marketing",
            "statement": _text(canaries.word("Hasten brimtock"), canaries.persian("شتابانیدن غضژر")),
            "owner": lead,
        },
    }
    approved = {"approved_by": "ceo", "approved_on": date(2026, 1, 5)}
    reasons = _text("It pays for everything else that we do.", "هزینهٔ همهٔ کارهای دیگر ما را می‌دهد.")
    measured = {"grow": ["running_costs"], "buy": ["click_price"], inner: [kpi for _, kpi in inside]}
    names = {
        "grow": _text("Costs stay low", "هزینه‌ها کم بماند"),
        "buy": _text("Clicks stay cheap", "کلیک ارزان بماند"),
        inner: _text(f"The {canaries.word('glorv')} turns", f"{canaries.persian('چخژن')} بچرخد"),
    }
    return {
        "owners": {
            "ceo": {"name": _text("Chief", "مدیر"), "group": "executive"},
            "cmo": {"name": _text("Head of buying", "مدیر خرید"), "group": "executive", "department": "marketing"},
            lead: {
                "name": _text(canaries.word("Orvik"), canaries.persian("ضژیرو")),
                "group": "department",
                "department": "marketing",
            },
        },
        "criteria": {
            "quality": {"name": _text("Quality", "کیفیت"), "measured_by": ["running_costs", "click_price"]},
            "quality_inside": {"name": _text("Order", "نظم"), "measured_by": [metric for metric, _ in inside]},
        },
        "objectives": {
            name: objective | {"why": reasons, "review_on": date(2027, 1, 11)} | (approved if name != inner else {})
            for name, objective in objectives.items()
        },
        "success_factors": {
            f"factor_{name}": {"objective": name, "statement": names[name], "measured_by": metrics}
            for name, metrics in measured.items()
        },
        "questions": {
            f"how_{name}": {
                "objective": name,
                "kind": "how",
                "question": _text(f"How: {names[name]['en']}?", f"چگونه: {names[name]['fa']}؟"),
                "answered_by": metrics,
            }
            for name, metrics in measured.items()
        },
    }


def _exports(canaries: Canaries) -> dict[str, str]:
    days = [WEEKS[0] + timedelta(days=number) for number in range(7 * len(WEEKS))]
    postings = "".join(f"{day},6020,Salaries,opex,acquisition,people,250.25,0.00,EUR,{day},{day},\n" for day in days)
    ads = "".join(f"{day},search,1,3000000,{CLICKS_A_DAY},600000.00\n" for day in days)
    mailing_list = canaries.word("Wexford drell")
    mailings = "".join(f"{day},{day},1,{mailing_list},{LAST if day >= WEEK else EARLIER}\n" for day in days)
    return {
        "books/journal.csv": "date,account_code,account_name,section,purpose,cost_kind,debit,credit,currency,"
        f"period_start,period_end,memo\n{postings}",
        "ads/ads.csv": f"day,platform,campaign_id,impressions,clicks,cost\n{ads}",
        f"mailings/{canaries.word('file_zwib')}.csv": f"campaign_id,day,list_id,list_name,recipients\n{mailings}",
    }

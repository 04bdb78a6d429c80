"""The report as a workbook: numbers stay numbers, and every comparison is a formula over the history that it shows.

Here: laying a frozen report out as sheets. Texts from outside are always written as texts, whatever they begin with; a
formula never holds one.
"""

import io
import json
from datetime import date, datetime
from typing import Any

from kpi_pipeline.reports.charts.shapes import COLOURS, STATUS_COLOURS

# Digits of the language, as number formats of a workbook name them.
DIGIT_FORMATS = {"fa": "[$-3000429]"}
MARKS = {"missed": "✕", "off_track": "■", "at_risk": "▲", "on_track": "●", "achieved": "✔", "unknown": "○"}
SHEET_NAME_LIMIT = 31
FIRST_ROW = 5
LINE_HEIGHT = 16
SCORECARD_COLUMNS = (
    *("kpi", "status", "this_week", "previous_week", "change_short", "change_share"),
    *("target_only", "attainment", "forecast", "chance", "owner", "objective_of"),
)
NUMBER_COLUMNS = frozenset(SCORECARD_COLUMNS[2:10])


def render_workbook(frozen: str) -> bytes:
    """Return the XLSX of a report that was kept as JSON; the same report gives the same bytes."""
    import xlsxwriter  # (needed by this form alone)

    report: dict[str, Any] = json.loads(frozen)
    content = io.BytesIO()
    book = xlsxwriter.Workbook(
        content,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False},
    )
    day = date.fromisoformat(report["week_start"])
    book.set_properties(
        {"title": report["title"], "company": report["company"], "created": datetime(day.year, day.month, day.day)}
    )
    _Workbook(book, report).write()
    book.close()
    return content.getvalue()


class _Workbook:
    def __init__(self, book: Any, report: dict[str, Any]) -> None:
        self.book, self.report, self.label = book, report, report["labels"]
        self.is_right_to_left = report["direction"] == "rtl"
        self.history = report["history"]
        self.history_sheet = ""
        self._formats: dict[tuple[tuple[str, object], ...], Any] = {}

    def write(self) -> None:
        """Write all sheets."""
        scorecard, history = self._sheet(self.label["scorecard"]), self._sheet(self.label["history"])
        self.history_sheet = history.get_name()
        self._scorecard(scorecard)
        self._history(history)
        internal = self.report["internal"]
        if internal:
            for title, columns, rows in self._team_tables(internal):
                self._table(self._sheet(title), columns, rows)

    def _sheet(self, title: str) -> Any:
        names = {sheet.get_name() for sheet in self.book.worksheets()}
        plain = "".join(" " if character in "[]:*?/\\'" else character for character in title)[
            :SHEET_NAME_LIMIT
        ].strip()
        name = plain
        for number in range(2, 100):
            if name.casefold() not in {each.casefold() for each in names}:
                break
            name = f"{plain[: SHEET_NAME_LIMIT - 3]} {number}"
        sheet = self.book.add_worksheet(name)
        if self.is_right_to_left:
            sheet.right_to_left()
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet

    def _format(self, **options: object) -> Any:
        font, order = ("Vazirmatn", 2) if self.is_right_to_left else ("Calibri", 1)
        # Numbers keep their sign at its side only when they are read from left to right.
        chosen = {"font_name": font, "valign": "top", "reading_order": order, **options}
        key = tuple(sorted(chosen.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format(chosen)
        return self._formats[key]

    def _number_format(self, kpi: dict[str, Any], *, is_step: bool = False, is_share: bool = False) -> str:
        """How numbers are written; the prefix for digits stands in each part, or negative ones fall back to others."""
        digits = DIGIT_FORMATS.get(self.report["language"], "")
        if is_share:
            body = "0.0%"
        else:
            body = "#,##0" + ("." + "0" * kpi["decimals"] if kpi["decimals"] else "")
            body += '"%"' if kpi["unit"] == "percent" and not is_step else ""
        plus = "+" if is_step or is_share else ""
        return f"{digits}{plus}{body};{digits}−{body};{digits}{body}"

    def _scorecard(self, sheet: Any) -> None:
        head = self._format(bold=True, bottom=2, text_wrap=True, font_color=COLOURS["soft"])
        sheet.write_string(
            0, 0, f"{self.report['company']} · {self.report['title']}", self._format(bold=True, font_size=14)
        )
        last = len(SCORECARD_COLUMNS) - 1
        soft = self._format(font_color=COLOURS["soft"], text_wrap=True)
        lead = self._format(bold=True, text_wrap=True)
        sheet.merge_range(1, 0, 1, last, "", soft)
        sheet.write_string(1, 0, " · ".join(self.report["facts"]), soft)
        sheet.merge_range(2, 0, 2, last, "", lead)
        correction = self.report["correction"]
        corrected = [correction["text"], *correction["lines"]] if correction else []
        lines = [*corrected, " ".join((*self.report["notices"], *self.report["headline"]))]
        sheet.write_string(2, 0, "\n".join(lines), lead)
        sheet.set_row(2, (len(corrected) + 3) * LINE_HEIGHT)
        sheet.set_row(FIRST_ROW - 1, 2 * LINE_HEIGHT)
        head_of_numbers = self._format(bold=True, bottom=2, text_wrap=True, font_color=COLOURS["soft"], align="right")
        for column, name in enumerate(SCORECARD_COLUMNS):
            is_number = name in NUMBER_COLUMNS
            sheet.write_string(FIRST_ROW - 1, column, self.label[name], head_of_numbers if is_number else head)
        numbers = {kpi["kpi_id"]: (position, kpi) for position, kpi in enumerate(self.history["kpis"])}
        row = FIRST_ROW
        for objective in self.report["objectives"]:
            for line in objective["kpis"]:
                self._kpi_row(sheet, row, line, objective, *numbers[line["kpi_id"]])
                row += 1
        sheet.freeze_panes(FIRST_ROW, 1)
        sheet.set_column(0, 0, 46)
        sheet.set_column(1, 9, 14)
        sheet.set_column(10, 10, 22)
        sheet.set_column(11, 11, 52)
        sheet.repeat_rows(FIRST_ROW - 1)

    def _kpi_row(
        self, sheet: Any, row: int, line: dict[str, Any], objective: dict[str, Any], position: int, kpi: dict[str, Any]
    ) -> None:
        status = line["status"]
        colour = COLOURS[STATUS_COLOURS.get(status["code"], "soft")]
        value = self._format(num_format=self._number_format(kpi), bold=True, reading_order=1)
        plain = self._format(num_format=self._number_format(kpi), reading_order=1)
        step = self._format(num_format=self._number_format(kpi, is_step=True), reading_order=1)
        share = self._format(num_format=self._number_format(kpi, is_share=True), reading_order=1)
        sheet.write_string(row, 0, _with_money(line["name"]["text"], kpi), self._format(bold=True))
        sheet.write_string(
            row, 1, f"{MARKS.get(status['code'], '○')} {status['word']}", self._format(font_color=colour, bold=True)
        )
        history = "'" + self.history_sheet.replace("'", "''") + "'"
        values, last = kpi["values"], len(kpi["values"]) - 1
        column = _column_name(position + 1)
        now, before = f"{history}!${column}${last + 2}", f"{history}!${column}${last + 1}"
        current = values[-1]
        previous = values[-2] if len(values) > 1 else None
        if current is not None:
            sheet.write_formula(row, 2, f"={now}", value, current)
        if previous is not None:
            sheet.write_formula(row, 3, f"={before}", plain, previous)
        if current is not None and previous is not None:
            sheet.write_formula(row, 4, f"=C{row + 1}-D{row + 1}", step, current - previous)
            if previous:
                sheet.write_formula(row, 5, f"=C{row + 1}/D{row + 1}-1", share, current / previous - 1)
        if kpi["target"] is not None:
            sheet.write_number(row, 6, kpi["target"], plain)
        way = None if kpi["target"] is None or kpi["baseline"] is None else kpi["target"] - kpi["baseline"]
        if current is not None and way:
            done = (current - kpi["baseline"]) / way
            sheet.write_formula(
                row, 7, f"=(C{row + 1}-{kpi['baseline']!r})/(G{row + 1}-{kpi['baseline']!r})", share, done
            )
        if kpi["forecast"] is not None:
            sheet.write_number(row, 8, kpi["forecast"], plain)
        if kpi["probability"] is not None:
            digits = DIGIT_FORMATS.get(self.report["language"], "")
            sheet.write_number(row, 9, kpi["probability"], self._format(num_format=f"{digits}0%", reading_order=1))
        sheet.write_string(row, 10, line["owner"], self._format(indent=1))
        sheet.write_string(row, 11, objective["statement"], self._format(text_wrap=True))

    def _history(self, sheet: Any) -> None:
        head = self._format(bold=True, bottom=2, text_wrap=True, font_color=COLOURS["soft"])
        sheet.write_string(0, 0, self.label["week"], head)
        for row, name in enumerate(self.history["week_names"], 1):
            sheet.write_string(row, 0, name, self._format())
        for column, kpi in enumerate(self.history["kpis"], 1):
            sheet.write_string(0, column, _with_money(kpi["name"], kpi), head)
            cell = self._format(num_format=self._number_format(kpi), reading_order=1)
            for row, value in enumerate(kpi["values"], 1):
                if value is not None:
                    sheet.write_number(row, column, value, cell)
        sheet.set_row(0, 3 * LINE_HEIGHT)
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 0, 20)
        sheet.set_column(1, max(len(self.history["kpis"]), 1), 18)
        if self.history["kpis"] and len(self.history["weeks"]) > 1:
            self._picture(sheet)

    def _picture(self, sheet: Any) -> None:
        """One native chart of the first KPI, which a reader can point to another column."""
        rows = len(self.history["weeks"])
        chart = self.book.add_chart({"type": "line"})
        name = sheet.get_name()
        chart.add_series(
            {
                "name": [name, 0, 1],
                "categories": [name, 1, 0, rows, 0],
                "values": [name, 1, 1, rows, 1],
                "line": {"color": COLOURS["ink"], "width": 2},
            }
        )
        chart.set_legend({"none": True})
        sheet.insert_chart(1, len(self.history["kpis"]) + 2, chart)

    def _team_tables(self, internal: dict[str, Any]) -> list[tuple[str, list[str], list[list[object]]]]:
        label, findings = self.label, internal["findings"]
        names = ("kpi", "member", "previous_week", "this_week", "mix", "rate", "effect", "share")
        keys = ("member", "previous", "value", "mix", "rate", "effect", "share")
        contributions = [
            [table["name"], *(line[key] for key in keys)]
            for table in findings["contributions"]
            for line in table["lines"]
        ]
        tables = [(label["contributions"], [label[name] for name in names], contributions)]
        for title, columns, rows, fields in (
            (
                "due",
                ("day", "status", "what", "about", "owner"),
                internal["due"],
                ("day", "state", "what", "about", "owner"),
            ),
            (
                "anomalies",
                ("kpi", "where", "this_week", "usual_range", "score", "finding"),
                findings["anomalies"],
                ("name", "where", "value", "usual", "score", "text"),
            ),
            ("relations", ("kpi", "verdict", "finding"), findings["relations"], ("name", "verdict", "text")),
            (
                "restatements",
                ("kpi", "week", "published", "now", "cause", "effect", "finding"),
                findings["restatements"],
                ("name", "week", "before", "now", "cause", "effect", "text"),
            ),
            (
                "metrics",
                ("metric", "this_week", "previous_week", "change_short", "note"),
                internal["metrics"],
                ("name", "value", "previous", "change", "note"),
            ),
            (
                "quality_notes",
                ("kind", "source", "days", "message", "affects"),
                internal["quality"],
                ("kind", "source", "days", "message", "affects"),
            ),
            (
                "quarantine",
                ("file", "source", "line", "column", "found", "expected", "advice"),
                internal["quarantine"],
                ("file", "source", "line", "column", "found", "expected", "advice"),
            ),
            (
                "definitions",
                ("metric", "definition", "formula"),
                internal["definitions"],
                ("name", "definition", "formula"),
            ),
        ):
            tables.append(
                (label[title], [label[name] for name in columns], [[row[field] for field in fields] for row in rows])
            )
        tables += [
            (table["title"], list(table["columns"]), [list(row) for row in table["rows"]])
            for table in findings["tables"]
        ]
        return [table for table in tables if table[2]]

    def _table(self, sheet: Any, columns: list[str], rows: list[list[object]]) -> None:
        head = self._format(bold=True, bottom=2, text_wrap=True, font_color=COLOURS["soft"])
        for column, name in enumerate(columns):
            sheet.write_string(0, column, name, head)
        for place, cells in enumerate(rows, 1):
            for column, cell in enumerate(cells):
                sheet.write_string(place, column, str(cell), self._format(text_wrap=True, bold=column == 0))
        sheet.set_row(0, 2 * LINE_HEIGHT)
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, max(len(columns) - 1, 1), 22)


def _with_money(name: str, kpi: dict[str, Any]) -> str:
    """A KPI's name with what its amounts are in, which the cells do not say."""
    return f"{name} ({kpi['money']})" if kpi["money"] else name


def _column_name(index: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(index))

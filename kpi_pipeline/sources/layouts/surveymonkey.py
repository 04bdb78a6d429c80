"""A SurveyMonkey export: questions in the first row, the labels of their columns in the second, then the responses.

Here: one header row instead of two. A question with several columns has its text above the first of them only. The
contract reads one of them by the name ``question [label]``, or by the question's name whichever of them is filled;
more than one filled is then no single answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kpi_pipeline.sources.files.csv_head import read_csv_head
from kpi_pipeline.sources.files.header_binding import comparable
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten, write_rows
from kpi_pipeline.sources.layouts.csv_records import Record, csv_records, refuse_cut_end, refuse_other_width


@dataclass(frozen=True)
class _Question:
    text: str
    positions: range


def rewrite(file: FileToRewrite) -> Rewritten:
    """Write one column per name that the contract reads.

    Raises:
        RefusedFile: there is no second header row, or a response fills several columns of a question.
    """
    head = read_csv_head(file.path, file.file_name, file.contract)
    header = list(head.header)
    wanted = {comparable(name) for entry in file.contract.fields for name in entry.headers}
    records = (record for record in csv_records(file, head.delimiter) if record[0] > head.header_line)
    labels = _second_row(file, header, next(records, None))
    read = [question for question in _questions(header, labels) if comparable(question.text) in wanted]
    refuse_cut_end(file)
    write_rows(file.target, [question.text for question in read], _rows(file, header, read, records))
    # Only the first columns have names of their own; the others are questions, and any survey has many of them.
    return Rewritten()


def _second_row(file: FileToRewrite, header: list[str], record: Record | None) -> list[str]:
    """Return the labels; a file whose second row is a response was edited, or is another tool's export."""
    if record is not None:
        refuse_other_width(file, header, record)
    if record is None or record[1][0].strip():
        raise RefusedFile(
            file.file_name,
            line=2 if record is None else record[0],
            column=header[0],
            found="nothing" if record is None else "a row that begins with a value",
            expected="the second header row, which has labels above the answers and nothing above the identifiers",
            advice="Export individual responses as CSV, and do not edit the file.",
        )
    return record[1]


def _questions(header: list[str], labels: list[str]) -> list[_Question]:
    starts = [index for index, text in enumerate(header) if text.strip()]
    questions: list[_Question] = []
    for start, end in zip(starts, [*starts[1:], len(header)], strict=True):
        questions.append(_Question(header[start], range(start, end)))
        if end - start > 1:
            columns = range(start, end)
            questions += [_Question(f"{header[start]} [{labels[at]}]", range(at, at + 1)) for at in columns]
    return questions


def _rows(
    file: FileToRewrite, header: list[str], questions: list[_Question], records: Iterator[Record]
) -> Iterator[tuple[int, list[str]]]:
    for record in records:
        line, cells = record
        if cells:
            refuse_other_width(file, header, record)
            yield line, [_answer(file, line, cells, question) for question in questions]


def _answer(file: FileToRewrite, line: int, cells: list[str], question: _Question) -> str:
    filled = [cells[position] for position in question.positions if cells[position].strip()]
    if len(filled) > 1:
        raise RefusedFile(
            file.file_name,
            line=line,
            column=question.text,
            found=f"{len(filled)} answers",
            expected="one answer to a question that is read as a score or a comment",
            advice="Name one of its columns in the source's configuration: question [label].",
        )
    return filled[0] if filled else ""

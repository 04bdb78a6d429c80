import csv
import io
import random
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.files.diagnosis import diagnose
from kpi_pipeline.sources.files.reading import prepare_file
from kpi_pipeline.sources.files.refused_file import RefusedFile
from tests.unit.sources.read_files import contract, read, refusal, write

HEADER = "Date,Order no.,Amount,Customer\n"
ROWS = "2026-11-01,A1,10.50,Ada\n2026-11-02,A2,7,Bob\n"
FILE = HEADER + ROWS


def orders(**yaml: Any) -> Contract:
    columns = {
        "day": {"header": "Date"},
        "order_id": {"header": ["Order no.", "Order number"]},
        "gross_items": {"header": "Amount"},
        "customer_key": {"header": "Customer"},
        "created_at": {"header": "Date"},
    }
    constants = {"status": "paid"}
    return contract(
        "csv", **{"subject": "orders", "currency": "EUR", "columns": columns, "constants": constants, **yaml}
    )


def test_rows_become_canonical_columns_in_order(tmp_path: Path) -> None:
    file = read(write(tmp_path, FILE), orders(account_id="shop-1"))
    assert list(file.only[0]) == [
        *("order_id", "order_number", "day", "created_at", "paid_at", "cancelled_at", "updated_at", "customer_key"),
        *("status", "is_test", "currency", "gross_items", "discounts", "shipping", "taxes", "total", "refunded_total"),
        *("payment_method", "sales_channel", "channel", "country", "utm_source", "utm_medium", "utm_campaign"),
        "account_id",
    ]
    assert [(row["day"], row["order_id"], row["gross_items"], row["currency"]) for row in file.only] == [
        (date(2026, 11, 1), "A1", Decimal("10.50"), "EUR"),
        (date(2026, 11, 2), "A2", Decimal(7), "EUR"),
    ]
    assert file.column("account_id") == ["shop-1", "shop-1"]
    assert file.prepared.stated_range is None
    assert not file.prepared.is_end_verifiable


@pytest.mark.parametrize(
    "content",
    [
        "Amount,Customer,Date,Order no.\n10.50,Ada,2026-11-01,A1\n7,Bob,2026-11-02,A2\n",
        FILE.replace("Date,Order no.,Amount", "DATE,  order   NO. ,amount"),
        FILE.replace("Date,", "Da\u200cte\u200f,"),
        FILE.replace("Order no.", "Order number"),
        FILE.replace("Order no.", '"Order\nno."'),
        FILE.replace("\n", "\r\n"),
        FILE.replace(",", ";"),
        FILE.replace(",", "\t"),
        "\ufeff" + FILE,
        FILE.replace("Customer\n", "Customer,\n").replace("Ada\n", "Ada,\n").replace("Bob\n", "Bob,\n"),
        "Orders of November\n\n" + FILE,
        "Orders,,,\n" + FILE + "\n\n",
        FILE.replace("Bob", '"Bob"').replace("A1", '"A1"'),
    ],
    ids=[
        *("reordered", "case and spaces", "invisible marks", "second name", "line break in a name", "crlf"),
        *("semicolons", "tabs", "byte order mark", "trailing comma", "title above", "padded title", "quotes"),
    ],
)
def test_the_same_rows_in_other_clothes(tmp_path: Path, content: str) -> None:
    assert read(write(tmp_path, content), orders()).rows == read(write(tmp_path, FILE), orders()).rows


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\n" + FILE.replace(",", ";"),
        '"sep=;"\r\n' + FILE.replace(",", ";").replace("\n", "\r\n"),
        "\ufeffsep=\t\n" + FILE.replace(",", "\t"),
        "SEP=|\n" + FILE.replace(",", "|"),
        "sep=,\nOrders of November\n" + FILE,
    ],
    ids=["semicolon", "quoted", "tab", "a separator that is not searched for", "with a title"],
)
def test_a_line_that_names_the_separator_is_honoured(tmp_path: Path, content: str) -> None:
    assert read(write(tmp_path, content), orders()).rows == read(write(tmp_path, FILE), orders()).rows


def test_a_named_separator_counts_more_than_a_declared_one(tmp_path: Path) -> None:
    path = write(tmp_path, "sep=;\n" + FILE.replace(",", ";"))
    assert len(read(path, orders(delimiter="\t")).only) == 2
    assert refusal(write(tmp_path, "sep=;\n" + FILE), orders()).found.startswith("no header")


def test_tabs_may_be_declared(tmp_path: Path) -> None:
    assert len(read(write(tmp_path, FILE.replace(",", "\t")), orders(delimiter="\t")).only) == 2


@pytest.mark.parametrize(
    ("second", "line", "column", "found"),
    [
        ("\nCountry,Orders\nDE,2\n", 5, "Order no.", "2 cells"),
        ("Country,Orders\nDE,2\n", 4, "Order no.", "2 cells"),
        ("\nTop customers\nCustomer,Orders\nAda,1\n", 5, "Date", "1 cells"),
        ("\nCountry,Orders,Share,Rank\nDE,2,1,1\n", 5, "Date", "'Country'"),
        ("\n" + FILE, 5, "Date", "'Date'"),
        ("\nCountry,Orders,Share,Rank,More\nDE,2,1,1,1\n", 5, "Customer", "5 cells"),
    ],
)
def test_a_second_table_is_neither_cut_off_nor_loaded(
    tmp_path: Path, second: str, line: int, column: str | None, found: str
) -> None:
    refused = refusal(write(tmp_path, FILE + second), orders())
    assert (refused.line, refused.column, refused.found) == (line, column, found)


def test_declared_placeholders_are_no_values(tmp_path: Path) -> None:
    columns = {
        "day": {"header": "Date"},
        "order_id": {"header": "Order no."},
        "gross_items": {"header": "Amount", "empty_as": ["n/a", "-", "—"]},
        "customer_key": {"header": "Customer"},
        "country": {"header": "Country", "empty_as": ["n/a", "-", "—"]},
        "created_at": {"header": "Date"},
    }
    rows = "".join(f"2026-11-01,{mark},{mark},c,{mark}\n" for mark in ("n/a", "-", "—", "x-y"))
    content = "Date,Order no.,Amount,Customer,Country\n" + rows.replace(",x-y,c", ",1,c").replace("n/a,c", " n/a ,c")
    file = read(write(tmp_path, content), orders(columns=columns))
    assert [(row["order_id"], row["gross_items"], row["country"]) for row in file.only] == [
        *(("n/a", None, None), ("-", None, None), ("—", None, None), ("x-y", Decimal(1), "x-y"))
    ]
    assert refusal(write(tmp_path, content.replace(",1,c", ",--,c")), orders(columns=columns)).found == "'--'"


def test_columns_that_the_contract_does_not_know_are_reported(tmp_path: Path) -> None:
    file = read(write(tmp_path, "Date,Colour,Order no.,Amount,Customer\n2026-11-01,red,A1,1,Ada\n"), orders())
    assert file.prepared.unknown_columns == ("Colour",)


@pytest.mark.parametrize(
    ("header", "column", "found"),
    [
        ("Date,Order no.,Amount", "Customer", "the columns 'Date', 'Order no.', 'Amount'"),
        ("Date,Order no.,Amount,Amount,Customer", "Amount", "the column 2 times"),
        ("Date,Order no.,AMOUNT,amount,Customer", "AMOUNT", "the column 2 times"),
        ("Date,Order no.,Turnover,Customer", "Amount", "the columns 'Date', 'Order no.', 'Turnover', 'Customer'"),
    ],
)
def test_a_header_that_breaks_the_contract_is_refused(tmp_path: Path, header: str, column: str, found: str) -> None:
    refused = refusal(write(tmp_path, f"title\n{header}\n{ROWS}"), orders())
    assert (refused.line, refused.column, refused.found) == (2, column, found)


def test_a_file_without_its_header_is_refused(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, ROWS), orders())
    assert refused.line == 1
    assert "no header in the first 50 lines; the first line is '2026-11-01,A1,10.50,Ada'" in refused.found
    assert "'Date', 'Order no.', 'Amount', 'Customer'" in refused.expected


def test_the_first_line_is_not_shown_where_it_may_be_personal(tmp_path: Path) -> None:
    columns = {"refund_id": {"header": "Id"}, "reason": {"header": "Email", "personal": True}}
    columns |= {name: {"header": name} for name in ("day", "amount", "currency", "order_id")}
    refused = refusal(write(tmp_path, "1,ada@example.com\n"), contract("csv", subject="refunds", columns=columns))
    assert "ada@example.com" not in str(refused)


def test_a_declared_number_of_lines_above_the_header_is_kept(tmp_path: Path) -> None:
    above = "Date,Order no.,Amount,Customer\n"
    assert len(read(write(tmp_path, above + FILE), orders(lines_before_header=1)).only) == 2
    assert refusal(write(tmp_path, above + FILE), orders()).line == 2


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"\n\n", "an empty file"),
        (b"\xd0\xcf\x11\xe0 rest of an old workbook", "an old spreadsheet (.xls), or one with a password"),
        ((HEADER + "2026-11-01,A1,1,J\u00fcrgen\n").encode("cp1252"), "the byte 0xfc, which is not UTF-8"),
        (('say "hello\n' + FILE).encode(), "a quotation mark that is not closed"),
        (FILE.rstrip("\n").encode(), "no line break after the last row"),
        (FILE[:-4].encode(), "no line break after the last row"),
        (b"PAR1 not really", "a parquet file"),
    ],
)
def test_files_that_are_not_a_complete_csv_are_refused(tmp_path: Path, content: bytes, found: str) -> None:
    assert refusal(write(tmp_path, content), orders()).found == found


def test_an_export_that_never_ends_with_a_line_break_can_be_declared(tmp_path: Path) -> None:
    assert len(read(write(tmp_path, FILE.rstrip("\n")), orders(final_line_break=False)).only) == 2


@pytest.mark.parametrize("has_mark", [True, False])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "cp1252", "cp1256"])
def test_declared_encodings_are_copied_to_utf8(tmp_path: Path, encoding: str, has_mark: bool) -> None:
    name = "یلدا" if encoding == "cp1256" else "Jürgen"
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"") if has_mark else b""
    name = name.replace("ی", "ي") if encoding == "cp1256" else name  # the code page has no Persian yeh
    path = write(tmp_path, mark + FILE.replace("Ada", name).encode(encoding))
    declared = {} if mark else {"encoding": encoding}
    prepared = prepare_file(path, path.name, orders(**declared), hash_key=None, scratch=tmp_path / "scratch")
    assert prepared.temporary is not None
    assert prepared.temporary.parent == tmp_path / "scratch"
    assert read(path, orders(**declared)).column("customer_key") == [name, "Bob"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-8"])
def test_the_wrong_encoding_is_never_guessed_right(tmp_path: Path, encoding: str) -> None:
    other = "utf-16-be" if encoding in ("utf-16-le", "utf-16") else "utf-16-le"
    assert refusal(write(tmp_path, FILE.encode(other)), orders(encoding=encoding)).line == 1


@pytest.mark.parametrize("byte", ["\x81", "\x8d", "\x8f", "\x90", "\x9d"])
def test_a_byte_without_meaning_in_the_declared_encoding_is_refused(tmp_path: Path, byte: str) -> None:
    refused = refusal(
        write(tmp_path, FILE.replace("Bob", f"B{byte}b").encode("latin-1")),
        orders(encoding="cp1252"),
        tmp_path / "scratch",
    )
    assert (refused.line, refused.found) == (3, "bytes that are not cp1252")
    assert list((tmp_path / "scratch").iterdir()) == []


def test_no_copy_is_left_behind_when_the_head_is_refused(tmp_path: Path) -> None:
    refusal(write(tmp_path, b"\xff\xfe" + "nothing known\n".encode("utf-16-le")), orders(), tmp_path / "scratch")
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_cut_file_never_loads_as_a_whole_one(tmp_path: Path) -> None:
    """Cut at every byte; only a cut right after a row is accepted, and its end is said not to be verifiable."""
    whole = FILE.encode()
    path = tmp_path / "export.csv"
    shop = orders()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            file = read(path, shop)
        except (RefusedFile, duckdb.Error):
            continue
        assert whole[:length].endswith(b"\n")
        assert not file.prepared.is_end_verifiable
        assert len(file.only) == whole[:length].count(b"\n") - 1


def test_mutated_files_are_refused_or_read_as_python_reads_them(tmp_path: Path) -> None:
    generator = random.Random(7)
    rows = "".join(f'2026-11-{day:02},A{day},{day}.5{day % 10},"Ada, {day}"\n' for day in range(1, 29))
    whole = (HEADER + rows).encode()
    path = tmp_path / "export.csv"
    shop = orders()
    accepted = 0
    for _attempt in range(40):
        mutated = bytearray(whole)
        for _change in range(generator.randint(1, 3)):
            position = generator.randrange(len(mutated))
            kind = generator.randrange(3)
            if kind == 0:
                mutated[position] = generator.choice(b'0123456789,;"\n\r\t.-eE \xff\x00')
            elif kind == 1:
                del mutated[position : position + generator.randint(1, 20)]
            else:
                mutated[position:position] = generator.choice([b",", b'"', b"\n", b"9", b"Date", b"\r\n"])
        path.write_bytes(mutated)
        try:
            file = read(path, shop)
        except RefusedFile:
            continue
        except duckdb.Error as error:
            assert diagnose(path, path.name, shop, error).found
            continue
        accepted += 1
        table = [row for row in csv.reader(io.StringIO(mutated.decode(), newline="")) if row]
        header = next(number for number, row in enumerate(table) if "Amount" in row)
        amount = table[header].index("Amount")
        assert [row["gross_items"] for row in file.only] == [
            Decimal(row[amount].strip()) for row in table[header + 1 :]
        ]
    assert accepted >= 5


def test_rows_are_numbered_in_the_order_of_the_file(tmp_path: Path) -> None:
    """The warehouse does not preserve the order of insertion, and DuckDB reads large files with several threads."""
    columns = {"number": {"header": "n", "type": "integer"}, "text": {"header": "t"}}
    expressions = {
        "order_id": "text",
        "line_number": "cast(file_row as integer)",
        "day": "date '2026-11-01'",
        "quantity": "number",
        "line_total": "number",
    }
    lines = contract("csv", columns=columns, tables={"order_lines": {"columns": expressions}})
    text = "x" * 200
    path = write(tmp_path, "n,t\n" + "".join(f"{number},{text}\n" for number in range(1, 200_001)))
    prepared = prepare_file(path, path.name, lines, hash_key=None, scratch=tmp_path)
    with duckdb.connect(config={"preserve_insertion_order": False, "threads": 4}) as connection:
        query = f"select count(*) filter (line_number = quantity), count(*) from ({prepared.tables[0].query})"
        assert connection.execute(query).fetchone() == (200_000, 200_000)


def test_paths_and_names_with_quotes_are_only_text(tmp_path: Path) -> None:
    folder = tmp_path / 'it\'s "here"; drop table x'
    folder.mkdir()
    assert len(read(write(folder, FILE, name="o'clock.csv"), orders()).only) == 2


def test_a_personal_column_needs_a_key_and_keeps_only_the_hash(tmp_path: Path) -> None:
    columns = {**{name: {"header": name} for name in ("order_id", "day", "created_at", "gross_items")}}
    columns["customer_key"] = {"header": "Email", "personal": True}
    shop = contract("csv", subject="orders", currency="EUR", columns=columns, constants={"status": "paid"})
    path = write(tmp_path, "order_id,day,created_at,gross_items,Email\n1,2026-11-01,2026-11-01 10:00:00,5,Ada@X.org\n")
    with pytest.raises(ConfigurationError, match=r"shop\.yaml: the personal column 'Email' .* set KPI_HASH_KEY"):
        prepare_file(path, path.name, shop, hash_key=None, scratch=tmp_path)
    prepared = prepare_file(path, path.name, shop, hash_key=b"secret key", scratch=tmp_path)
    assert all("secret key" not in table.query for table in prepared.tables)
    (row,) = read(path, shop).only
    assert len(row["customer_key"]) == 32
    assert "ada" not in row["customer_key"].lower()

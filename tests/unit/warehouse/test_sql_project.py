from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import pytest

from kpi_pipeline.errors import SqlTableError
from kpi_pipeline.warehouse.sql_project import SqlProject, check_sql_project

Load = Callable[[Mapping[str, str]], SqlProject]


def text(reads: str, name: str = "day", header: str = "") -> str:
    return f"-- One row per day.\n-- grain: {name}\n{header}select {name} -- note\nfrom {reads}\n"


def measures(measure: str, covered_by: str = "orders") -> str:
    return (
        f"-- One row per day.\n-- grain: day\n-- covered by: {covered_by}\n"
        f"select day, -- note\n{measure} -- note\nfrom raw.orders\n"
    )


def test_measures_may_be_covered_by_a_subject_that_coverage_makes_itself(load: Load) -> None:
    coverage = "-- One row per subject.\n-- grain: subject\nselect 'goals' as subject -- note\nfrom raw.orders\n"
    project = load({"core/coverage.sql": coverage, "measures/a.sql": measures("m", "orders and goals")})
    assert project.file("measures.a").covered_by is not None


def test_files_come_after_what_they_read_and_folder_by_folder(load: Load) -> None:
    project = load(
        {
            "views/a.sql": text("core.a"),
            "measures/a.sql": measures("m"),
            "core/a.sql": text("core.b"),
            "core/b.sql": text("core.c as c, staging.z"),
            "core/c.sql": text("core.company"),
            "staging/z.sql": text("staging.y"),
            "staging/y.sql": text("raw.orders"),
            "core/readme.txt": "not sql",
        }
    )
    assert [file.table for file in project.files] == [
        "staging.y",
        "staging.z",
        "core.c",
        "core.b",
        "core.a",
        "measures.a",
        "views.a",
    ]
    assert set(project.inputs("core.b")) == {"core.c", "staging.z"}
    assert project.inputs("raw.orders") == ()
    assert project.ancestors("core.a") == {
        "core.b",
        "core.c",
        "core.company",
        "staging.z",
        "staging.y",
        "raw.orders",
    }
    assert project.file("core.a").place == Path("sql/core/a.sql")


def test_an_unknown_table_is_asked_for_in_vain(load: Load) -> None:
    project = load({"core/orders.sql": text("raw.orders")})
    with pytest.raises(SqlTableError, match=r'did you mean "core\.orders"'):
        project.file("core.order")
    with pytest.raises(SqlTableError, match=r"the files make core\.orders"):
        project.ancestors("xyz")


def test_the_fingerprint_follows_the_texts(load: Load) -> None:
    first = load({"core/a.sql": text("raw.orders"), "core/b.sql": text("core.a")}).fingerprint
    assert load({"core/a.sql": text("raw.orders")}).fingerprint == first
    assert load({"core/a.sql": text("raw.clicks")}).fingerprint != first


@pytest.mark.parametrize(
    ("files", "problem", "message"),
    [
        ({"core/a.sql": text("core.bb")}, "core/a.sql:4  SQL020", 'did you mean "core.b"?'),
        ({"core/a.sql": text("orders")}, "core/a.sql:4  SQL020", 'did you mean "raw.orders"?'),
        ({"core/a.sql": text("zzzzzz")}, "core/a.sql:4  SQL020", "by schema.name"),
        ({"core/a.sql": text("read_csv('x.csv')")}, "core/a.sql:4  SQL020", "READ_CSV"),
        ({"staging/a.sql": text("core.b")}, "staging/a.sql:4  SQL021", "staging stands to the left of core"),
        ({"core/a.sql": text("views.v"), "views/v.sql": text("core.b")}, "core/a.sql:4  SQL021", "left of views"),
        ({"core/a.sql": text("core.a")}, "core/a.sql:4  SQL022", "core.a reads core.a"),
        ({"measures/a.sql": measures("m"), "measures/c.sql": measures("m")}, "measures/c.sql:5  SQL030", '"m" is also'),
        ({"measures/a.sql": measures("m", "orderz")}, "measures/a.sql:1  SQL008", 'did you mean "orders"?'),
        ({"marts/a.sql": text("core.b")}, "marts/a.sql:1  SQL001", "use staging, core, measures, views"),
        ({"a.sql": text("core.b")}, "a.sql:1  SQL001", "lies where no table is made"),
        ({"core/deep/a.sql": text("core.b")}, "core/deep/a.sql:1  SQL001", "lies where no table is made"),
        ({"core/My-Table.sql": text("core.b")}, "core/My-Table.sql:1  SQL001", "no table name"),
        ({"core/company.sql": text("core.b")}, "core/company.sql:1  SQL001", "filled by the program"),
    ],
)
def test_a_problem_between_files_is_named(load: Load, files: dict[str, str], problem: str, message: str) -> None:
    with pytest.raises(SqlTableError) as caught:
        load({"core/b.sql": text("raw.orders"), **files})
    found = str(caught.value).splitlines()
    assert any(line.startswith(f"sql/{problem}  ") and message in line for line in found), found


def test_a_circle_is_told_with_all_its_tables(load: Load) -> None:
    with pytest.raises(SqlTableError) as caught:
        load({"core/a.sql": text("core.b"), "core/b.sql": text("core.c"), "core/c.sql": text("core.a")})
    circle = str(caught.value).split("SQL022  ")[1].partition(";")[0].split(" reads ")
    assert len(circle) == 4
    assert all({"core.a": "core.b", "core.b": "core.c", "core.c": "core.a"}[a] == b for a, b in pairwise(circle))


def test_only_views_read_the_kpi_tables(write_sql: Callable[[Mapping[str, str]], Path]) -> None:
    directory = write_sql(
        {"views/a.sql": text('kpi."values"'), "measures/a.sql": measures("m").replace("raw.orders", 'kpi."values"')}
    )
    _, problems = check_sql_project(directory, ["kpi.values", "raw.orders"])
    assert [str(problem.path) for problem in problems] == ["sql/measures/a.sql"]
    assert problems[0].code == "SQL021"


def test_all_problems_of_all_files_are_told_at_once_and_in_order(load: Load) -> None:
    with pytest.raises(SqlTableError) as caught:
        load({"core/b.sql": "select", "core/a.sql": text("core.nothing"), "staging/x.sql": text("core.b") + "\n;"})
    found = [line.partition("  ")[0] for line in str(caught.value).splitlines()]
    assert found == ["sql/core/a.sql:4", "sql/core/b.sql:1", "sql/staging/x.sql:6"]


def test_a_table_whose_file_cannot_be_read_is_not_reported_as_unknown_too(load: Load) -> None:
    with pytest.raises(SqlTableError) as caught:
        load({"core/a.sql": "select", "core/b.sql": text("core.a")})
    assert "SQL020" not in str(caught.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    project, problems = check_sql_project(tmp_path / "nowhere", [])
    assert project is None
    assert str(tmp_path / "nowhere") in problems[0].message


def test_thirty_files_are_read_quickly(load: Load) -> None:
    columns = "\n".join(f"sum(case when kind = {i} then amount end) as c{i}, -- note {i}" for i in range(12))
    body = text("raw.orders as x left join core.company as y using (day)").replace(
        "day -- note", f"{columns}\nday -- note"
    )
    files = {f"core/table_{i}.sql": body + f"group by day -- {i}" for i in range(30)}
    started = perf_counter()
    assert len(load(files).files) == 30
    assert perf_counter() - started < 0.7
    started = perf_counter()
    load(files)
    assert perf_counter() - started < 0.1

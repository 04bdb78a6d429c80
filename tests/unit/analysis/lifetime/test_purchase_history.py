import numpy as np

from kpi_pipeline.analysis.lifetime.purchase_history import grouped_histories, grouped_margins


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def test_equal_histories_become_one_row_with_a_count() -> None:
    found = grouped_histories(array(1, 0, 1, 1), array(2, 0, 2, 3), array(9, 9, 9, 9))

    rows = zip(found.frequency, found.recency, found.age, found.customers, strict=True)
    assert list(rows) == [(0, 0, 9, 1), (1, 2, 9, 2), (1, 3, 9, 1)]
    assert (found.total, found.repeaters, found.span) == (4, 3, 9)


def test_counts_of_equal_histories_add_up() -> None:
    found = grouped_histories(array(1, 0, 1), array(2, 0, 2), array(9, 8, 9), array(10, 5, 7))

    assert (list(found.frequency), list(found.customers)) == ([0, 1], [5, 17])


def test_margins_are_those_of_customers_who_came_back() -> None:
    found = grouped_margins(array(0, 2, 2, 1), array(0, 5, 5, 4), array(9, 1, 2, 3))

    assert list(zip(found.frequency, found.mean_margin, found.customers, strict=True)) == [(1, 4, 3), (2, 5, 3)]


def test_nobody_at_all_is_no_error() -> None:
    found = grouped_histories(array(), array(), array())

    assert (found.total, found.repeaters, found.span) == (0, 0, 0)

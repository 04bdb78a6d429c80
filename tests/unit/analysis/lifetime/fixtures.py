"""Purchase histories whose fits are known, from the project's domain reference, section 4.6."""

import numpy as np

from kpi_pipeline.analysis.lifetime.purchase_history import Numbers, PurchaseHistories

# Repeat purchases, weeks to the last one, weeks of age, customers.
Row = tuple[float, float, float, float]
HEALTHY: list[Row] = [
    *((0, 0, 52, 560), (1, 2, 52, 90), (1, 8, 52, 45), (1, 25, 52, 25), (1, 44, 52, 20), (2, 6, 52, 45)),
    *((2, 20, 52, 25), (2, 46, 52, 30), (3, 10, 52, 25), (3, 30, 52, 15), (3, 49, 52, 25), (5, 16, 52, 15)),
    *((5, 50, 52, 25), (8, 24, 52, 8), (8, 51, 52, 17), (12, 51, 52, 10), (0, 0, 26, 380), (1, 2, 26, 55)),
    *((1, 14, 26, 30), (1, 24, 26, 20), (2, 6, 26, 25), (2, 22, 26, 30), (4, 10, 26, 12), (4, 25, 26, 18)),
    (7, 25, 26, 5),
]
DEGENERATE: list[Row] = [
    *((0, 0, 52, 600), (1, 10, 52, 80), (1, 30, 52, 60), (1, 48, 52, 40), (2, 20, 52, 40), (2, 45, 52, 50)),
    *((3, 30, 52, 20), (3, 50, 52, 30), (4, 48, 52, 25), (6, 50, 52, 20), (10, 51, 52, 10), (0, 0, 26, 300)),
    *((1, 12, 26, 50), (1, 24, 26, 45), (2, 22, 26, 40), (4, 25, 26, 20)),
]


def histories(rows: list[Row]) -> PurchaseHistories:
    return PurchaseHistories(*(np.array(column, dtype=np.float64) for column in zip(*rows, strict=True)))


def one(*values: float) -> list[Numbers]:
    """Repeat purchases, weeks to the last one and weeks of age of one customer."""
    return [np.array([value], dtype=np.float64) for value in values]


def simulated(customers: int, seed: int, *, r: float, alpha: float, a: float, b: float, weeks: float) -> list[Numbers]:
    """Repeat purchases, recency and age of customers who live by the model, purchase by purchase in plain Python."""
    draws = np.random.default_rng(seed)
    rows = []
    for _ in range(customers):
        rate, leaves = draws.gamma(r, 1 / alpha), draws.beta(a, b)
        age = draws.uniform(weeks / 2, weeks)
        time, frequency, recency = 0.0, 0, 0.0
        while (time := time + draws.exponential(1 / rate)) <= age:
            frequency, recency = frequency + 1, time
            if draws.random() < leaves:
                break
        rows.append((float(frequency), recency, age))
    return [np.array(column) for column in zip(*rows, strict=True)]

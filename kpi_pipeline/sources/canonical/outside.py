"""What no system of the company delivers: figures that people look up or work out, and write into a table.

Here: the size of markets, and what investments and experiments cost and brought. Add a subject when a metric needs
another figure of this kind. ``day`` is the last day that the figure of a market is for, or the day on which an
investment was made. What the books say belongs to ``finance``.
"""

from kpi_pipeline.sources.canonical.subject import Subject, columns

SUBJECTS = (
    Subject(
        "market_sales",
        unit="day",
        columns=columns(
            """
            day date, period_start date, period_end date, market text, amount money, currency text
            """
        ),
        required=(
            "day",
            "market",
            "amount",
            "currency",
        ),
    ),
    Subject(
        "investments",
        unit="investment_id",
        columns=columns(
            """
            investment_id text, day date, investment_name text, kind text, gain money, incremental_revenue money,
            contribution_margin rate, cost money, currency text
            """
        ),
        required=(
            "investment_id",
            "day",
            "kind",
            "cost",
            "currency",
        ),
    ),
)

"""What accounting delivers.

Here: bookings and exchange rates. Amounts of bookings are positive in the natural direction of their section.
"""

from kpi_pipeline.sources.canonical.subject import Subject, columns

SUBJECTS = (
    Subject(
        "ledger_entries",
        unit="day",
        columns=columns(
            """
            day date, period_start date, period_end date, account_code text, account_name text, section text,
            purpose text, cost_kind text, amount money, currency text, basis text, memo text
            """
        ),
        required=(
            "day",
            "period_start",
            "period_end",
            "account_code",
            "section",
            "amount",
            "currency",
        ),
    ),
    Subject(
        "fx_rates",
        unit="day",
        columns=columns(
            """
            day date, base text, quote text, rate rate
            """
        ),
        required=(
            "day",
            "base",
            "quote",
            "rate",
        ),
    ),
)

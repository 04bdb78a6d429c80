"""One large Google Ads export, and the same rows in a form that bare tools can read.

Here: the columns of a campaign report by day, ad group and device, as people download it: with the ratios, budgets and
statuses that the UI adds, which nobody needs twice. The bare form has neither title nor lines of totals, which typed
reads cannot take. How it is loaded belongs to ``google_ads_load``.
"""

from datetime import date
from pathlib import Path

import duckdb

EXPORT_FILE = "campaign_report_2026-01-01T06-00-00.csv"
BARE_FILE = "rows.csv"
PREAMBLE = 'Ad group report\n"{first} - {last}"\n'
TYPES = {
    "Day": "date",
    "Campaign status": "varchar",
    "Campaign": "varchar",
    "Campaign ID": "varchar",
    "Campaign type": "varchar",
    "Ad group": "varchar",
    "Ad group ID": "varchar",
    "Device": "varchar",
    "Budget": "decimal(18, 2)",
    "Budget type": "varchar",
    "Currency code": "varchar",
    "Status": "varchar",
    "Status reasons": "varchar",
    "Impr.": "bigint",
    "Clicks": "bigint",
    "CTR": "varchar",
    "Avg. CPC": "decimal(18, 2)",
    "Cost": "decimal(18, 4)",
    "Conv. rate": "varchar",
    "Conversions": "double",
    "Cost / conv.": "decimal(18, 2)",
    "Conv. value": "decimal(18, 4)",
    "Conv. value / cost": "decimal(18, 2)",
    "Bid strategy type": "varchar",
}
# Most rows are small and few are large, as in an account's report: one in three has a thousands separator among its
# impressions.
ROWS_QUERY = """
    with drawn as (
        select
            i,
            cast(floor(exp(10 * (hash(i) % 1000003) / 1000003)) as bigint) as impressions,
            [(hash(i + {rows} * draw) % 1000003) / 1000003 for draw in [1, 2, 3, 4]] as shares
        from range({rows}) as numbers(i)
    ), clicked as (
        select *, cast(floor(impressions * 0.08 * shares[1]) as bigint) as clicks from drawn
    ), bought as (
        select
            *,
            round(clicks * (0.1 + 2.9 * shares[2]), 2) as cost,
            round(clicks * 0.1 * shares[3], 2) as conversions
        from clicked
    ), earned as (
        select *, round(conversions * (10 + 140 * shares[4]), 2) as conversion_value from bought
    )
    select
        date '2023-01-01' + cast(i // ({rows} // 1000 + 1) as integer) as "Day",
        ['Enabled', 'Paused'][i % 2 + 1] as "Campaign status",
        'Campaign ' || (i % 200) || ', ' || ['Brand', 'Generic', 'Shopping'][i % 3 + 1] as "Campaign",
        cast(10000000000 + i % 200 as varchar) as "Campaign ID",
        ['Search', 'Performance Max', 'Display'][i % 3 + 1] as "Campaign type",
        'Group ' || (i % 5000) as "Ad group",
        cast(150000000000 + i % 5000 as varchar) as "Ad group ID",
        ['Computers', 'Mobile phones', 'Tablets'][i % 3 + 1] as "Device",
        ['25.00', '100.00', '5000.00'][i % 3 + 1] as "Budget",
        ['Daily', 'Campaign Total'][i % 2 + 1] as "Budget type",
        'EUR' as "Currency code",
        ['Eligible', 'Eligible (Limited)', 'Ended'][i % 3 + 1] as "Status",
        ['', 'limited by budget; unknown', 'campaign ended; unknown'][i % 3 + 1] as "Status reasons",
        format('{{:,}}', impressions) as "Impr.",
        format('{{:,}}', clicks) as "Clicks",
        printf('%.2f%%', 100 * clicks / impressions) as "CTR",
        printf('%.2f', coalesce(cost / nullif(clicks, 0), 0)) as "Avg. CPC",
        printf('%.2f', cost) as "Cost",
        printf('%.2f%%', coalesce(100 * conversions / nullif(clicks, 0), 0)) as "Conv. rate",
        printf('%.2f', conversions) as "Conversions",
        printf('%.2f', coalesce(cost / nullif(conversions, 0), 0)) as "Cost / conv.",
        format('{{:,.2f}}', conversion_value) as "Conv. value",
        printf('%.2f', coalesce(conversion_value / nullif(cost, 0), 0)) as "Conv. value / cost",
        ['Maximise conversions', 'Target ROAS', 'Manual CPC'][i % 3 + 1] as "Bid strategy type"
    from earned
    order by i
"""


def write_exports(full: Path, bare: Path, rows: int) -> None:
    """Write the export as the platform does, and the same rows under a plain header."""
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"copy ({ROWS_QUERY.format(rows=rows)}) to '{bare}' (header, delimiter ',')")
        columns = ", ".join(f"'{name}': 'varchar'" for name in TYPES)
        last, impressions, clicks, cost, conversions, value = (
            connection.execute(
                f"""select max("Day"), sum(cast(replace("Impr.", ',', '') as bigint)),
                sum(cast(replace("Clicks", ',', '') as bigint)), sum(cast("Cost" as decimal(18, 2))),
                sum(cast("Conversions" as decimal(18, 2))), sum(cast(replace("Conv. value", ',', '') as decimal(18, 2)))
            from read_csv('{bare}', header = true, auto_detect = false, delim = ',', columns = {{{columns}}})"""
            ).fetchone()
            or (None,) * 6
        )
    last_day = date.fromisoformat(str(last))
    with full.open("wb") as file:
        file.write(
            PREAMBLE.format(first="January 1, 2023", last=f"{last_day:%B} {last_day.day}, {last_day.year}").encode()
        )
        with bare.open("rb") as source:
            while block := source.read(1 << 22):
                file.write(block)
        stated = {"Currency code": "EUR", "Impr.": f"{impressions:,}", "Clicks": f"{clicks:,}", "Cost": f"{cost:,}"}
        stated |= {"Conversions": f"{conversions:,}", "Conv. value": f"{value:,}"}
        for label, filler in (("Total: Ad groups", " --"), ("Total: Account", "")):
            cells = [f'"{stated[name]}"' if name in stated else filler for name in TYPES]
            file.write((",".join([label, *cells[1:]]) + "\n").encode())

-- One row per day, ledger account and period posted to; postings equal in all of it are added up.
-- grain: day, source, account_id, period_start, period_end, account_code, section,
--    purpose, cost_kind, currency
-- incremental: day
-- check period_in_order: period_end >= period_start
-- check section_known: section in
--    ('revenue', 'cogs', 'opex', 'other_income', 'other_expense', 'tax')
-- warn purpose_known: purpose in ('', 'acquisition', 'retention', 'brand', 'service')
-- warn currency_has_three_letters: length(currency) = 3
select
    entries.day,
    entries.source,
    entries.account_id,
    entries.period_start,
    entries.period_end,
    trim(entries.account_code) as account_code,
    lower(trim(entries.section)) as section,
    coalesce(lower(trim(entries.purpose)), '') as purpose,
    coalesce(lower(trim(entries.cost_kind)), '') as cost_kind,
    upper(trim(entries.currency)) as currency,
    coalesce(max(trim(entries.account_name)), '') as account_name,
    coalesce(max(trim(entries.memo)), '') as memo,
    cast(sum(entries.amount) as decimal(18, 4)) as amount
from raw.ledger_entries as entries
group by all

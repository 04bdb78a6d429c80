-- One row per key account and stretch of time in which it is one; a stretch without an end goes on.
-- grain: source, account_id, account_key, day
-- incremental: day
-- check account_known: account_key <> ''
-- check stretch_in_order: valid_to >= day
select
    listed.day,
    listed.source,
    listed.account_id,
    trim(listed.account_key) as account_key,
    listed.valid_to
from raw.key_accounts as listed

"""The tables of the custody ledger.

Here: their columns, and the one long statement that fills them. Add a column with each field of ``arrival``. Reading
and writing belong to ``custody_ledger``.
"""

SCHEMA = """
create table if not exists arrivals (
    arrival_id integer primary key,
    source text not null,
    file_name text not null,
    size integer not null,
    sha256 text not null,
    modified_ns integer not null,
    seen_ns integer not null,
    arrived_at text not null,
    arrived_for text not null,
    state text check (state in ('loaded', 'quarantined', 'duplicate', 'superseded')),
    exported_at text,
    batch_id text,
    contract_fingerprint text,
    rows integer,
    first_day text,
    last_day text,
    control_totals text,
    is_end_verifiable integer,
    unknown_columns text,
    notes text,
    line integer,
    column_name text,
    found text,
    expected text,
    advice text,
    problem text,
    expired_at text
) strict;
create index if not exists arrivals_by_name on arrivals (source, file_name);
create table if not exists confirmations (
    source text not null,
    sha256 text not null,
    confirmed_at text not null,
    confirmed_by text not null,
    reason text not null,
    primary key (source, sha256)
) strict;
create table if not exists failures (
    source text primary key,
    failed_for text not null,
    problem text not null
) strict;
"""
DECIDE = """
update arrivals
set
    state = :state, exported_at = :exported_at, batch_id = :batch_id, contract_fingerprint = :contract_fingerprint,
    rows = :rows, first_day = :first_day, last_day = :last_day, control_totals = :control_totals,
    is_end_verifiable = :is_end_verifiable, unknown_columns = :unknown_columns, notes = :notes,
    line = :line, column_name = :column_name, found = :found, expected = :expected, advice = :advice, problem = :problem
where arrival_id = :arrival_id
"""

"""The tables of the publication ledger.

Here: their columns. A table that a ledger of an earlier release lacks is added when it is opened; columns are never
changed. Writing and reading them belongs to ``publication_ledger``.
"""

SCHEMA = """
create table if not exists publications (
    publication integer primary key,
    snapshot_id text not null,
    as_of text not null,
    published_at text not null,
    is_public integer not null
) strict;
create table if not exists reported (
    publication integer not null references publications (publication),
    kpi_id text not null,
    week_start text not null,
    audience text not null,
    value real,
    null_reason text,
    status text not null,
    definition_hash text not null,
    data_age_days integer not null,
    primary key (publication, kpi_id, week_start, audience)
) strict;
create table if not exists parts (
    publication integer not null references publications (publication),
    kpi_id text not null,
    week_start text not null,
    audience text not null,
    packed blob not null,
    primary key (publication, kpi_id, week_start, audience)
) strict;
create table if not exists coverage (
    publication integer primary key references publications (publication),
    packed blob not null
) strict;
create table if not exists batches (
    batch_id text primary key,
    publication integer not null references publications (publication)
) strict;
create table if not exists restated (
    publication integer not null references publications (publication),
    kpi_id text not null,
    week_start text not null,
    audience text not null,
    from_snapshot text not null,
    to_snapshot text not null,
    from_published_at text not null,
    to_published_at text not null,
    old_value real,
    new_value real,
    old_null_reason text,
    new_null_reason text,
    cause text,
    basis text not null,
    effect real,
    was_sent integer not null,
    is_correction integer not null
) strict;
create table if not exists issued (
    week_start text not null,
    audience text not null,
    snapshot_id text not null,
    kpi_id text not null,
    issued_at text not null,
    primary key (week_start, audience, snapshot_id, kpi_id)
) strict;
"""
# Those whose rows belong to a publication, itself last.
OF_PUBLICATIONS = ("reported", "parts", "coverage", "batches", "restated", "publications")
# Once a newer value of the same place is public, the older one is compared with nothing any more.
SUPERSEDED_PARTS = """
delete from parts where exists (
    select 1
    from reported
    where
        reported.publication > parts.publication
        and reported.kpi_id = parts.kpi_id
        and reported.week_start = parts.week_start
        and reported.audience = parts.audience
)
"""

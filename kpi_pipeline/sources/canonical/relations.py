"""What CRM, support and survey tools deliver.

Here: leads, deals, tickets and answers, one row each, as they stand now, and the list of key accounts. A deal that has
not begun has no day.
"""

from kpi_pipeline.sources.canonical.subject import Subject, columns

SUBJECTS = (
    Subject(
        "leads",
        unit="lead_id",
        columns=columns(
            """
            lead_id text, day date, created_at timestamp, lead_source text, campaign_name text, channel text,
            lifecycle_stage text, is_qualified boolean, qualified_at timestamp, converted_at timestamp,
            customer_key text, updated_at timestamp
            """
        ),
        required=(
            "lead_id",
            "day",
            "created_at",
        ),
    ),
    Subject(
        "deals",
        unit="deal_id",
        columns=columns(
            """
            deal_id text, day date, deal_name text, pipeline text, stage text, owner text, product text,
            lead_source text, lead_id text, customer_key text, created_at timestamp,
            proposal_sent_at timestamp, closed_at timestamp, closed_day date, is_closed boolean,
            is_won boolean, amount money, currency text, contract_start date, contract_end date,
            is_renewal boolean, renewed_from text, lost_reason text, updated_at timestamp
            """
        ),
        required=(
            "deal_id",
            "is_closed",
            "is_won",
        ),
    ),
    Subject(
        "support_tickets",
        unit="ticket_id",
        columns=columns(
            """
            ticket_id text, day date, created_at timestamp, solved_at timestamp, solved_day date, status text,
            priority text, channel text, group_name text, assignee text, customer_key text,
            first_reply_minutes double, first_reply_business_minutes double, first_resolution_minutes double,
            full_resolution_minutes double, reopens integer, replies integer, satisfaction text,
            updated_at timestamp
            """
        ),
        required=(
            "ticket_id",
            "day",
            "created_at",
            "status",
        ),
    ),
    Subject(
        "survey_responses",
        unit="response_id",
        columns=columns(
            """
            response_id text, survey_id text, survey_type text, day date, submitted_at timestamp, score double,
            scale_max double, comment text, customer_key text, is_key_account boolean, is_complete boolean
            """
        ),
        required=(
            "response_id",
            "survey_type",
            "day",
            "is_complete",
        ),
    ),
    Subject(
        "key_accounts",
        unit="account_key",
        columns=columns("account_key text, day date, valid_to date"),
        required=(
            "account_key",
            "day",
        ),
        holds_on=True,
    ),
)

import duckdb
import pytest

from kpi_pipeline.sources.contracts.channel_group import channel_group


@pytest.mark.parametrize(
    ("source", "medium", "campaign", "expected"),
    [
        ("(direct)", "(none)", None, "Direct"),
        ("(direct)", "(not set)", None, "Direct"),
        ("google", "organic", None, "Organic Search"),
        ("Google", "CPC", "Brand", "Paid Search"),
        ("bing", "ppc", None, "Paid Search"),
        ("facebook", "paid_social", None, "Paid Social"),
        ("instagram.com", "referral", None, "Organic Social"),
        ("t.co", "social", None, "Organic Social"),
        ("youtube.com", "referral", None, "Organic Video"),
        ("google", "cpc", "Summer Cross-network", "Cross-network"),
        ("partner.example", "banner", None, "Display"),
        ("partner.example", "cpa", None, "Paid Other"),
        ("newsletter", "email", "November", "Email"),
        ("shop.example", "referral", None, "Referral"),
        ("shop.example", "affiliate", None, "Affiliates"),
        ("(not set)", "(not set)", None, "Unassigned"),
        (None, "something", None, "Unassigned"),
        (None, None, "Brand", None),
        ("", "", None, None),
    ],
)
def test_the_rules_of_the_default_channel_group(
    source: str | None, medium: str | None, campaign: str | None, expected: str | None
) -> None:
    session = "select cast($1 as varchar) as source, cast($2 as varchar) as medium, cast($3 as varchar) as campaign"
    query = f"select {channel_group('source', 'medium', 'campaign')} from ({session})"
    with duckdb.connect() as connection:
        found = connection.execute(query, [source, medium, campaign]).fetchone()
    assert found == (expected,)

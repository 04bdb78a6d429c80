from datetime import date
from decimal import Decimal

from tests.unit.sql.raw_rows import Warehouse, ad, rate

MONDAY = date(2026, 3, 2)
TUESDAY = date(2026, 3, 3)


def test_sums_of_unequal_campaigns_give_the_published_click_rate(warehouse: Warehouse) -> None:
    # 1,000 clicks of 100,000 and 100 clicks of 2,000 impressions: 1.0784 %, not the 3.0 % of the mean of both rates.
    warehouse.load(
        "ad_performance",
        [
            ad(MONDAY, campaign_id="a", impressions=100_000, clicks=1_000),
            ad(TUESDAY, campaign_id="b", impressions=2_000, clicks=100),
        ],
    )
    warehouse.build("measures.ads")

    ((clicks, impressions),) = warehouse.rows("select sum(ad_clicks), sum(ad_impressions) from measures.ads")
    assert (clicks, impressions) == (1_100, 102_000)
    assert round(100 * clicks / impressions, 4) == 1.0784


def test_rows_that_differ_in_a_split_that_is_not_kept_are_added_up(warehouse: Warehouse) -> None:
    by_network = [ad(MONDAY, impressions=70, clicks=3, cost="1.10"), ad(MONDAY, impressions=30, clicks=4, cost="2.20")]
    warehouse.load("ad_performance", by_network)
    warehouse.build("measures.ads")

    found = warehouse.rows("select ad_impressions, ad_clicks, ad_cost, platform, campaign from measures.ads")
    assert found == [(100, 7, Decimal("3.3000"), "google_ads", "Spring")]


def test_keys_are_trimmed_and_never_missing(warehouse: Warehouse) -> None:
    warehouse.load("ad_performance", [ad(MONDAY, platform="Meta_Ads ", device=" Desktop", country=None, ad_id=None)])
    warehouse.build("core.ad_performance")

    found = warehouse.rows("select platform, device, country, ad_group_id, ad_id from core.ad_performance")
    assert found == [("meta_ads", "desktop", "", "", "")]


def test_each_day_is_converted_at_its_own_rate(warehouse: Warehouse) -> None:
    warehouse.load("ad_performance", [ad(MONDAY, cost=100, currency="GBP"), ad(TUESDAY, cost=100, currency=" gbp ")])
    warehouse.load("fx_rates", [rate(MONDAY, "GBP", "EUR", "1.15"), rate(TUESDAY, "GBP", "EUR", "1.2")])
    warehouse.build("measures.ads")

    found = warehouse.rows("select day, ad_cost from measures.ads order by day")
    assert found == [(MONDAY, Decimal("115.0000")), (TUESDAY, Decimal("120.0000"))]


def test_a_missing_rate_makes_the_cost_unknown_and_leaves_counts_and_other_days_alone(warehouse: Warehouse) -> None:
    warehouse.load(
        "ad_performance",
        [
            ad(MONDAY, campaign_id="a", cost=5),
            ad(MONDAY, campaign_id="b", cost=100, currency="GBP", conversion_value=7),
            ad(TUESDAY, cost=5),
        ],
    )
    report = warehouse.build("measures.ads", "measures.ad_claims")

    found = warehouse.rows("select day, ad_clicks, ad_cost from measures.ads order by day")
    assert found == [(MONDAY, 2, None), (TUESDAY, 1, Decimal(5))]
    claims = warehouse.rows("select day, ad_conversion_value, claimant_cost from measures.ad_claims order by day")
    assert claims == [(MONDAY, None, None), (TUESDAY, Decimal(0), Decimal(5))]
    warned = {warning.check for result in report.results for warning in result.warnings}
    assert warned == {"cost_converted"}


def test_clicks_that_a_platform_did_not_deliver_are_unknown_not_zero(warehouse: Warehouse) -> None:
    warehouse.load("ad_performance", [ad(MONDAY, clicks=None, interactions=12), ad(TUESDAY, clicks=0)])
    warehouse.build("measures.ads")

    found = warehouse.rows("select day, ad_clicks, ad_interactions from measures.ads order by day")
    assert found == [(MONDAY, None, 12), (TUESDAY, 0, 1)]


def test_fractional_conversions_add_up_exactly(warehouse: Warehouse) -> None:
    warehouse.load("ad_performance", [ad(MONDAY, ad_id=str(number), conversions=0.1) for number in range(10)])
    warehouse.build("measures.ad_claims")
    assert warehouse.rows("select ad_conversions from measures.ad_claims") == [(Decimal("1.000000"),)]


def test_conversions_under_two_attribution_settings_are_never_one_number(warehouse: Warehouse) -> None:
    # One campaign whose setting was changed, and rows that differ in nothing but the setting.
    by_setting = [("7-day click", 3), (" 7-day click ", 4), ("1-day view", 5), (None, 6)]
    rows = [ad(MONDAY, attribution=setting, conversions=conversions) for setting, conversions in by_setting]
    warehouse.load("ad_performance", rows)
    warehouse.build("measures.ads", "measures.ad_claims", "views.campaign_week")

    assert warehouse.rows("select ad_impressions, ad_cost from measures.ads") == [(400, Decimal(40))]
    claims = [("google_ads", 6), ("google_ads (1-day view)", 5), ("google_ads (7-day click)", 7)]
    found = warehouse.rows("select claimed_by, ad_conversions from measures.ad_claims order by claimed_by")
    assert found == claims
    week = warehouse.rows("select attribution, ad_conversions from views.campaign_week order by attribution")
    assert [conversions for _, conversions in week] == [conversions for _, conversions in claims]


def test_reach_of_several_rows_is_unknown(warehouse: Warehouse) -> None:
    # Two networks of one ad: who saw it on both would count twice.
    split = [ad(MONDAY, reach=60), ad(MONDAY, reach=70), ad(MONDAY, ad_id="2", reach=50), ad(MONDAY, ad_id="3")]
    warehouse.load("ad_performance", split)
    warehouse.build("measures.ad_reach")
    assert warehouse.rows("select ad_reach from measures.ad_reach") == [(50,)]


def test_every_click_of_a_search_engine_leads_to_the_shop(warehouse: Warehouse) -> None:
    clicks = {
        "google_ads": (9, None, 9),
        "microsoft_ads": (8, 7, 7),
        "meta_ads": (6, 5, 5),
        "yektanet": (4, None, None),
    }
    rows = [ad(MONDAY, platform=name, clicks=all_, link_clicks=links) for name, (all_, links, _) in clicks.items()]
    warehouse.load("ad_performance", rows)
    warehouse.build("measures.ads")
    found = warehouse.rows("select platform, ad_clicks, ad_link_clicks from measures.ads")
    assert {name: (all_, links) for name, all_, links in found} == {n: (a, led) for n, (a, _, led) in clicks.items()}


def test_campaigns_for_leads_are_known_by_their_kind(warehouse: Warehouse) -> None:
    kinds = ["OUTCOME_LEADS", "LEAD_GENERATION", "کمپین سرنخ", "OUTCOME_SALES", None]
    warehouse.load("ad_performance", [ad(MONDAY, campaign_type=kind, ad_id=str(n)) for n, kind in enumerate(kinds)])
    warehouse.build("measures.ads")
    assert warehouse.rows("select ad_cost, lead_campaign_cost from measures.ads") == [(Decimal(50), Decimal(30))]


def test_an_unknown_cost_of_other_campaigns_leaves_that_of_leads_known(warehouse: Warehouse) -> None:
    lead = ad(MONDAY, campaign_type="Leads", cost=5)
    warehouse.load("ad_performance", [lead, ad(MONDAY, ad_id="2", cost=4, currency="USD")])
    warehouse.build("measures.ads")
    assert warehouse.rows("select ad_cost, lead_campaign_cost from measures.ads") == [(None, Decimal(5))]


def test_campaigns_belong_to_the_channel_that_their_visits_arrive_by(warehouse: Warehouse) -> None:
    channels = {
        ("google_ads", "Search"): "Paid Search",
        ("google_ads", "Performance Max"): "Cross-network",
        ("google_ads", "DEMAND_GEN"): "Cross-network",
        ("google_ads", "Display"): "Display",
        ("google_ads", "Video"): "Paid Video",
        ("google_ads", "Shopping"): "Paid Shopping",
        ("microsoft_ads", ""): "Paid Search",
        ("meta_ads", "OUTCOME_SALES"): "Paid Social",
        ("yektanet", ""): "Paid Other",
    }
    rows = [
        ad(MONDAY, platform=platform.title(), campaign_type=campaign_type or None, campaign_id=campaign_type)
        for platform, campaign_type in channels
    ]
    warehouse.load("ad_performance", rows)
    warehouse.build("core.ad_performance")

    found = warehouse.rows("select platform, campaign_type, channel from core.ad_performance")
    assert {(platform, campaign_type): channel for platform, campaign_type, channel in found} == channels

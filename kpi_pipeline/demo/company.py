"""The demo company: what Nordlicht Home sells, to whom, and how it advertises.

Here: the constants that the simulation draws around. Add a product, a campaign or a channel here and it appears in
every export. How a day is drawn belongs to ``advertising``, ``visits`` and ``orders``; how a file looks belongs to
``exports``.
"""

from dataclasses import dataclass

NAME = "Nordlicht Home"
TIME_ZONE = "Europe/Berlin"
REPORTING_CURRENCY = "EUR"
GOOGLE_ADS_ACCOUNT = "123-456-7890"
META_ADS_ACCOUNT = "480012345678901"

CHANNELS = ("Direct", "Organic Search", "Organic Social", "Paid Search", "Paid Social", "Email", "Referral")
DIRECT, ORGANIC_SEARCH, ORGANIC_SOCIAL, PAID_SEARCH, PAID_SOCIAL, EMAIL, REFERRAL = range(len(CHANNELS))
UNASSIGNED = len(CHANNELS)
ORDER_CHANNELS = (*CHANNELS, "Unassigned")
CHANNEL_SOURCE_MEDIUM = (
    ("(direct)", "(none)"),
    ("google", "organic"),
    ("instagram.com", "referral"),
    ("google", "cpc"),
    ("facebook", "paid_social"),
    ("newsletter", "email"),
    ("wohn-magazin.example", "referral"),
)
UNPAID_SESSIONS_A_DAY = {DIRECT: 192.0, ORGANIC_SEARCH: 268.0, ORGANIC_SOCIAL: 70.0, EMAIL: 84.0, REFERRAL: 58.0}
CART_BY_CHANNEL = (1.2, 1.05, 0.55, 1.15, 0.62, 1.6, 0.9)

DEVICES = ("desktop", "mobile", "tablet")
DESKTOP, MOBILE, TABLET = range(len(DEVICES))
DEVICE_SHARES = (0.38, 0.56, 0.06)
CART_BY_DEVICE = (1.18, 0.9, 1.0)


@dataclass(frozen=True)
class Country:
    """One country that the shop delivers to; ``tax_percent`` is included in its prices."""

    name: str
    code: str
    currency: str
    share: float
    tax_percent: int
    shipping_cents: int


COUNTRIES = (
    Country("Germany", "DE", "EUR", 0.74, 19, 490),
    Country("Austria", "AT", "EUR", 0.11, 20, 690),
    Country("United Kingdom", "GB", "GBP", 0.15, 20, 590),
)
COUNTRY_SHARES = tuple(country.share for country in COUNTRIES)
UNITED_KINGDOM = 2

PLATFORMS = ("google_ads", "meta_ads")
GOOGLE, META = range(len(PLATFORMS))
ATTRIBUTIONS = ("7-day click or 1-day view", "7-day click")  # of the Meta account, before and after its change


@dataclass(frozen=True)
class AdSet:
    """The finest thing whose ads are reported by day: a device of a Google campaign, an ad set of a Meta one."""

    name: str
    impressions: float
    device_shares: tuple[float, ...]
    country_shares: tuple[float, ...]


@dataclass(frozen=True)
class Campaign:
    """One campaign; ``cents_per_click`` is in the currency of its account."""

    platform: int
    campaign_id: str
    name: str
    click_rate: float
    cents_per_click: float
    ad_sets: tuple[AdSet, ...]
    is_launch: bool = False


GOOGLE_DEVICE_NAMES = ("Computers", "Mobile phones", "Tablets")


def _search(campaign_id: str, name: str, click_rate: float, cents_per_click: float, impressions: float) -> Campaign:
    shares = (0.36, 0.58, 0.06)
    ad_sets = tuple(
        AdSet(
            GOOGLE_DEVICE_NAMES[device],
            impressions * shares[device],
            tuple(float(device == other) for other in range(len(DEVICES))),
            (0.80, 0.12, 0.08),
        )
        for device in range(len(DEVICES))
    )
    return Campaign(GOOGLE, campaign_id, name, click_rate, cents_per_click, ad_sets)


def _social(
    campaign_id: str,
    name: str,
    click_rate: float,
    cents_per_click: float,
    impressions: float,
    *,
    is_launch: bool = False,
) -> Campaign:
    devices = (0.14, 0.82, 0.04)
    ad_sets = (
        AdSet("DE + AT", impressions * 0.8, devices, (0.88, 0.12, 0.0)),
        AdSet("United Kingdom", impressions * 0.2, devices, (0.0, 0.0, 1.0)),
    )
    return Campaign(META, campaign_id, name, click_rate, cents_per_click, ad_sets, is_launch)


def campaigns() -> tuple[Campaign, ...]:
    """All campaigns, those of one platform together."""
    return (
        _search("20874410011", "Brand - Search", 0.088, 38, 900),
        _search("20874410028", "Lighting - Search", 0.038, 92, 2900),
        _search("20874410035", "Furniture, small - Search", 0.032, 104, 2300),
        _search("20874410042", "Textiles - Search", 0.034, 76, 1500),
        _social("120211000000010451", "Prospecting | Video", 0.0125, 72, 9200),
        _social("120211000000020452", "Retargeting | Catalogue", 0.021, 63, 3600),
        _social("120211000000030453", "Autumn Living | Reels", 0.0165, 66, 5200, is_launch=True),
    )


@dataclass(frozen=True)
class Product:
    """One product, its prices in the two shop currencies and what it costs the company in EUR."""

    sku: str
    title: str
    price_cents: dict[str, int]
    cost_cents: int
    popularity: float


def _product(sku: str, title: str, euros: str, pounds: str, cost: str, popularity: float) -> Product:
    cents = {"EUR": int(euros.replace(".", "")), "GBP": int(pounds.replace(".", ""))}
    return Product(sku, title, cents, int(cost.replace(".", "")), popularity)


def products() -> tuple[Product, ...]:
    """Everything that the shop sells."""
    return (
        _product("NL-LI-001", "Pendant lamp Polar, brass", "129.00", "115.00", "51.40", 5),
        _product("NL-LI-002", "Table lamp Tromsø", "69.00", "62.00", "26.10", 8),
        _product("NL-LI-003", "Floor lamp Senja", "179.00", "159.00", "78.90", 2),
        _product("NL-LI-004", "Fairy lights Nordkapp, 10 m", "24.90", "22.50", "8.35", 12),
        _product("NL-LI-005", "Wall lamp Fjord", "59.00", "53.00", "22.75", 5),
        _product("NL-LI-006", "LED bulb E27 warm, set of 3", "14.90", "13.50", "5.20", 14),
        _product("NL-TE-001", "Wool blanket Lofoten", "89.00", "79.00", "37.60", 7),
        _product("NL-TE-002", "Cushion cover Moss", "19.90", "17.90", "6.45", 13),
        _product("NL-TE-003", "Linen bed set Bodø, 2 pieces", "119.00", "105.00", "48.20", 3),
        _product("NL-TE-004", "Bath towel Skagen", "27.90", "24.90", "10.15", 9),
        _product("NL-TE-005", 'Rug Vinter "natural", 140 x 200', "149.00", "135.00", "66.80", 2),
        _product("NL-TE-006", "Table runner Ålesund", "29.90", "26.90", "11.05", 6),
        _product("NL-FU-001", "Stool Birk", "79.00", "71.00", "34.30", 4),
        _product("NL-FU-002", "Bedside table Alta", "109.00", "99.00", "49.95", 3),
        _product("NL-FU-003", "Wall shelf Narvik", "49.90", "44.90", "20.60", 7),
        _product("NL-FU-004", "Bench Hamar", "199.00", "179.00", "94.10", 1),
        _product("NL-DE-001", "Candle Kiefer, 3 wicks", "22.90", "20.90", "7.30", 14),
        _product("NL-DE-002", "Vase Stein", "34.90", "31.50", "12.40", 8),
        _product("NL-DE-003", "Candle holder Frost, set of 2", "27.50", "24.90", "9.85", 9),
        _product("NL-DE-004", "Mirror Halvmåne", "99.00", "89.00", "43.25", 3),
    )

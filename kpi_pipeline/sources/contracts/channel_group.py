"""The channel of a session from its source, medium and campaign, as an SQL expression.

Here: the rules of Google's default channel group, shortened to what source, medium and campaign can decide; the first
that is true wins. Add a search engine or a network to the lists when sessions from it end up in Referral.
"""

from kpi_pipeline.sources.values.sql_text import literal

_SEARCH_ENGINES = "google bing yahoo duckduckgo ecosia baidu yandex qwant startpage"
_SOCIAL_NETWORKS = (
    "facebook facebook.com m.facebook.com l.facebook.com fb meta instagram instagram.com l.instagram.com ig twitter"
    " twitter.com x.com t.co linkedin linkedin.com lnkd.in pinterest pinterest.com tiktok tiktok.com reddit reddit.com"
    " snapchat threads telegram whatsapp"
)
_VIDEO_SITES = "youtube youtube.com vimeo vimeo.com"


def channel_group(source: str, medium: str, campaign: str) -> str:
    """Return the expression of the channel, NULL where neither source nor medium is known."""
    source, medium, campaign = (f"lower(trim(coalesce({text}, '')))" for text in (source, medium, campaign))
    is_search, is_social, is_video = (
        f"{source} in {_listed(names)}" for names in (_SEARCH_ENGINES, _SOCIAL_NETWORKS, _VIDEO_SITES)
    )
    is_paid = f"regexp_full_match({medium}, '(.*cp.*|ppc|retargeting|paid.*)')"
    rules = (
        ("Direct", f"{source} = '(direct)' and {medium} in ('(none)', '(not set)', '')"),
        ("Cross-network", f"contains({campaign}, 'cross-network')"),
        ("Paid Search", f"{is_search} and {is_paid}"),
        ("Paid Social", f"{is_social} and {is_paid}"),
        ("Paid Video", f"{is_video} and {is_paid}"),
        ("Display", f"{medium} in {_listed('display banner expandable interstitial cpm')}"),
        ("Paid Other", is_paid),
        ("Organic Social", f"{is_social} or {medium} in {_listed('social social-network social-media sm')}"),
        ("Organic Video", f"{is_video} or contains({medium}, 'video')"),
        ("Organic Search", f"{is_search} or {medium} = 'organic'"),
        ("Email", f"{source} in {_listed('email e-mail newsletter')} or {medium} in {_listed('email e-mail e_mail')}"),
        ("Affiliates", f"{medium} = 'affiliate'"),
        ("Referral", f"{medium} in {_listed('referral app link')}"),
        ("SMS", f"{source} = 'sms' or {medium} = 'sms'"),
        ("Mobile Push Notifications", f"ends_with({medium}, 'push') or contains({medium}, 'notification')"),
        ("Unassigned", f"{source} <> '' or {medium} <> ''"),
    )
    cases = " ".join(f"when {condition} then {literal(group)}" for group, condition in rules)
    return f"case {cases} end"


def _listed(names: str) -> str:
    return f"({', '.join(map(literal, names.split()))})"

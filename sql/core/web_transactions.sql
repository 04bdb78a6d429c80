-- One row per transaction that a website reported. Of several reports the first counts.
-- grain: transaction_id
select
    purchases.transaction_id, -- the shop's number or identifier of the order
    purchases.day, -- company's calendar day on which the session began that reported it
    purchases.source, -- connected source that delivered the session
    purchases.account_id, -- web property
    purchases.session_id, -- identifier of the session, unique within the property
    purchases.visitor_id, -- browser or user identifier, '' if not delivered
    purchases.channel, -- channel that brought the session
    purchases.started_at -- instant of the session's first event, UTC
from core.web_purchases as purchases
where purchases.transaction_id <> ''
qualify
    row_number() over (
        partition by purchases.transaction_id
        order by
            purchases.purchased_at,
            purchases.source,
            purchases.account_id,
            purchases.session_id
    ) = 1

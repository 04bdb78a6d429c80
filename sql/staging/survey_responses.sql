-- One row per answer to a survey. An answer without a score is kept, but it is not complete.
-- grain: source, account_id, response_id
-- incremental: day
-- check response_known: response_id <> ''
-- check survey_type_known: survey_type in ('nps', 'csat', 'task')
-- check score_within_scale: score between 0 and scale_max
-- check complete_has_score: not is_complete or score is not null
-- check nps_scale_is_10: survey_type <> 'nps' or coalesce(scale_max, 10) = 10
select
    responses.day,
    responses.source,
    responses.account_id,
    trim(responses.response_id) as response_id,
    coalesce(trim(responses.survey_id), '') as survey_id,
    lower(trim(responses.survey_type)) as survey_type,
    responses.submitted_at,
    responses.score,
    responses.scale_max,
    coalesce(trim(responses.comment), '') as comment, -- noqa: RF04
    coalesce(trim(responses.customer_key), '') as customer_key,
    responses.is_key_account,
    responses.is_complete
from raw.survey_responses as responses

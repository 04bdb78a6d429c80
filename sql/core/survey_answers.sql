-- One row per complete answer to a survey, on the day on which it was given.
-- grain: source, account_id, response_id
-- warn scale_known: scale_max is not null or survey_type <> 'csat'
with complete_answers as (
    select
        responses.day,
        responses.source,
        responses.account_id,
        responses.response_id,
        responses.submitted_at,
        responses.survey_type,
        responses.score,
        responses.source || ':' || responses.account_id || ':' || responses.response_id
            as answer_key,
        -- a survey without a name is that of its source: two of them are never one
        coalesce(nullif(responses.survey_id, ''), responses.source) as survey,
        responses.customer_key,
        case when responses.survey_type = 'nps' then 10 else responses.scale_max end
            as scale_max,
        case
            when responses.is_key_account then 'yes'
            when not responses.is_key_account then 'no'
            else ''
        end as is_key_account
    from staging.survey_responses as responses
    where responses.is_complete
)

select
    complete_answers.day, -- company's calendar day of the answer
    complete_answers.source, -- connected source that delivered the answer
    complete_answers.account_id, -- account of the survey tool
    complete_answers.response_id, -- identifier of the answer, unique within the account
    complete_answers.answer_key, -- the answer among those of all sources
    complete_answers.survey, -- survey, or the source where the survey has no name
    complete_answers.survey_type, -- nps, csat or task
    complete_answers.is_key_account, -- whether a key account answered: yes, no, '' if unknown
    complete_answers.score, -- the score that was given
    complete_answers.scale_max, -- the highest score possible; NULL if not delivered
    lead(complete_answers.day, 1, date '9999-12-31') over (
        partition by
            complete_answers.survey_type,
            complete_answers.survey,
            case
                when complete_answers.customer_key = '' then complete_answers.answer_key
                else complete_answers.customer_key
            end
        order by
            complete_answers.day,
            coalesce(complete_answers.submitted_at, timestamp '0001-01-01'),
            complete_answers.answer_key
    ) as next_answer_day -- day of the same person's next answer to the survey; 9999 if none
from complete_answers

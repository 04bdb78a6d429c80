-- One row per day, survey and kind of account with complete answers about satisfaction.
-- grain: day, survey, is_key_account
-- incremental: day
-- covered by: survey_responses
-- basis: survey answered
with ratings as (
    select
        answers.day,
        answers.survey,
        answers.is_key_account,
        case
            -- of three faces or of yes and no, the one below the best is not content
            when answers.scale_max <= 3 and answers.score >= answers.scale_max then 1
            when answers.scale_max > 3 and answers.score >= answers.scale_max - 1 then 1
            when answers.scale_max is not null then 0
        end as is_satisfied,
        cast(
            round(10 * answers.score / nullif(answers.scale_max, 0), 6) as decimal(18, 6)
        ) as points
    from core.survey_answers as answers
    where answers.survey_type = 'csat'
)

select
    ratings.day, -- day of the answers
    ratings.survey, -- survey, or the source where the survey has no name
    ratings.is_key_account, -- whether key accounts answered: yes, no, '' if unknown
    count(*) as csat_answers, -- complete answers
    case
        when count(ratings.is_satisfied) = count(*) then cast(sum(ratings.is_satisfied) as bigint)
    end as csat_satisfied, -- the two highest scores; on scales up to three, the highest alone
    case
        when count(ratings.points) = count(*) then cast(sum(ratings.points) as decimal(18, 6))
    end as csat_points -- scores on a scale up to 10
from ratings
group by ratings.day, ratings.survey, ratings.is_key_account

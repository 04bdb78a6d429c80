-- One row per recommendation from 0 to 10, on the day on which it was given.
-- grain: day, survey, is_key_account, answer_key
-- covered by: survey_responses
-- basis: survey answered
-- apart: survey
-- sum nps_promoters: promoters where next_answer_day > period_end
-- sum nps_detractors: detractors where next_answer_day > period_end
-- sum nps_responses: answers where next_answer_day > period_end
select
    recommendations.day, -- day of the answer
    recommendations.survey, -- survey, or the source where the survey has no name
    recommendations.is_key_account, -- whether a key account answered: yes, no, '' if unknown
    recommendations.answer_key, -- the answer
    recommendations.next_answer_day, -- day of the same person's next answer; 9999 if none
    1 as answers, -- 1 for the answer
    case when recommendations.score >= 9 then 1 else 0 end as promoters, -- 1 for 9 and 10
    case when recommendations.score <= 6 then 1 else 0 end as detractors -- 1 for 0 to 6
from core.survey_answers as recommendations
where recommendations.survey_type = 'nps'

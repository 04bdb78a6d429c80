-- One row per day, survey and kind of account with complete answers to "could you do what you came
-- for".
-- grain: day, survey, is_key_account
-- incremental: day
-- covered by: survey_responses
-- basis: survey answered
select
    answers.day, -- day of the answers
    answers.survey, -- survey, or the source where the survey has no name
    answers.is_key_account, -- whether key accounts answered: yes, no, '' if unknown
    count(*) as task_answers, -- complete answers
    count(*) filter (
        where answers.score >= coalesce(answers.scale_max, 1)
    ) as tasks_completed -- answers with the highest score, which is yes
from core.survey_answers as answers
where answers.survey_type = 'task'
group by answers.day, answers.survey, answers.is_key_account

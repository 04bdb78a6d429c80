"""A problem found in the configuration, and the table of all codes.

Here: the value that every check of the configuration returns, and what its codes mean. Add a row to the table with each
new code, and the same in ``messages/fa.yaml``. The checks themselves stand beside what they check; other languages
belong to ``translation``.

==========  ============================================================================================================
Code        Problem
==========  ============================================================================================================
CFG001      a file is missing, empty, too large, not UTF-8 or not YAML
CFG002      a file lies where nothing reads it
CFG003      a key is written twice
CFG004      unquoted text that YAML tools read in different ways (``no``, ``12:30``, ``0123``), or a Jalali date
CFG005      an alias, anchor, tag, merge key, a key that is not a text, or too deep nesting
CFG006      a secret stands in the configuration
CFG010      a field is missing
CFG011      a value has the wrong type or lies outside what is allowed
CFG012      an id is not made of small letters, digits and underscores
CFG020      unknown time zone
CFG021      unknown currency
CFG022      an inbox folder lies outside the inbox, or two sources take the same files
CFG023      ``exported_at`` is not a regular expression with one group
CFG024      a report's language is not one of the company's
CFG025      a unit of money that is none of the reporting currency, or in which nobody counts yet
CFG030      an owner of a department without its name, or an objective that needs a department and has none
CFG031      an external objective that nobody approved
CFG032      a question and a KPI disagree on whether one answers the other
CFG033      the accountable owner is not of the objective's department
CFG034      baseline weeks that are not weeks of the company's calendar, or end before they start
CFG035      a success rule that contradicts the metric's direction or the target's band
CFG036      a geometric path from or to a value that is not positive
CFG037      a reason (``why``) shorter than 20 characters
CFG038      a review that should have taken place (warning)
CFG039      a function without a department, of another department than the objective, or on a KPI of the business
CFG040      an override of the forecast that no executive approved
CFG041      evidence of impact that is not there: an identity without equation, or "self" about another metric
CFG042      a deadline that leaves too few complete weeks for the effect or for the success rule
CFG043      a review outside the time between taking effect and the deadline
CFG044      a KPI that is its own guardrail
CFG045      an assumption that held until a day that has passed (warning)
CFG046      all tasks are done: the strategy has to be reviewed (warning)
CFG047      a target that is not either a value or a band, or a band without any value in it
CFG048      unusual weeks of a KPI are to be found as those of a proportion, and its metric is none
CFG049      an event that ends before it starts
CFG050      a source whose files cannot be read as its YAML says
CFG051      a formula or option of a metric that cannot be computed
CFG052      a metric without total that a KPI is made of
CFG053      factors whose product is not the metric
CFG060      something that is no e-mail address, host or address of a web server
CFG061      a recipient's language is not one of the report's
CFG062      mail would leave this machine without encryption
CFG063      one folder is given to both audiences
CFG064      a recipient is named twice; one copy is sent (warning)
CFG065      a mailbox that cannot exist (warning)
CFG066      a report that nobody gets, or an edition that is held back in silence (warning)
CFG067      alerts would go to a reader of reports for executives
KPI001      KPIs without any objective
KPI002      unknown field
KPI003      an id is used twice
KPI004      a reference to something that does not exist
KPI010      an active KPI without objective
KPI011      an objective whose parent is missing or of the wrong level
KPI012      objectives in a circle
KPI013      an objective that does not lead to a business objective
KPI014      a department with internal but without external objectives (the reverse is a warning)
KPI015      a business objective that is not owned and approved by an executive
KPI016      an example of a template that nobody has made their own
KPI017      an objective without question
KPI018      an active KPI that answers no question
KPI019      a success factor that no KPI measures
KPI020      a criterion that nothing measures (warning)
KPI021      an active KPI that lacks parts and is shown as a metric (warning)
KPI022      an objective that no metric is bound to
KPI027      numerator and denominator are counted by different days, and nobody says why
KPI030      a target without deadline
KPI031      a deadline before the KPI takes effect; one that has passed (warning)
KPI032      a deadline more than 104 weeks after the KPI takes effect
KPI033      a target that the past makes unlikely, without an override
KPI034      a target of the business that names no analysis of strengths, weaknesses, opportunities and threats
KPI035      a target that is reached already or almost certainly (warning)
KPI036      a target on the wrong side of its baseline
KPI037      a baseline that the data does not confirm
KPI040      not exactly one accountable owner
KPI041      an owner who is not active any more
KPI043      no action for a KPI that is off track
KPI044      a definition that changed without a new version
KPI050      an audience is typed in; it follows from the objective
KPI051      a report for executives that names an internal KPI, or an executive KPI that one guards
KPI052      an executive KPI whose effect is a hypothesis without an expiry within 26 weeks, or expired (warning)
KPI053      an internal KPI that can be computed back from what executives see (warning)
KPI054      a text that executives will not see, because it names an internal KPI (warning)
KPI055      executives will not see what moved a KPI, because an internal KPI may be a part of it (warning)
KPI060      a report shows, or an owner answers for, more KPIs than the limit (warning)
==========  ============================================================================================================
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from kpi_pipeline.config.phrase import Phrase


@dataclass(frozen=True, order=True)
class Problem:
    """One problem; ``path`` starts with the name of the configuration folder, ``line`` counts from 1.

    ``message`` and ``hint`` are a ``Phrase`` where they can be said in other languages.
    """

    path: Path
    line: int
    code: str
    message: str
    hint: str = ""
    is_warning: bool = False

    def __str__(self) -> str:
        warning = "warning: " if self.is_warning else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.path}:{self.line}  {self.code}  {warning}{self.message}{hint}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the known word most like this one, or an empty text if none is."""
    near = get_close_matches(word, sorted(known), n=1)
    return Phrase('did you mean "{word}"?', word=near[0]) if near else ""

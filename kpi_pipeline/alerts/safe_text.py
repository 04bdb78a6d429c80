"""What is known of an incident, said in a language and made fit to leave the machine.

Here: one text. Names of files and words of servers come from outside, so they may hold secrets, people's addresses,
line breaks and signs that turn a line around. Escaping for HTML belongs to the template, headers to ``delivery``.
"""

from kpi_pipeline.config.model import Language
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.config.translation import translated
from kpi_pipeline.sources.values.personal_data import without_addresses
from kpi_pipeline.wording.language import load_language
from kpi_pipeline.wording.outside_text import MESSAGE_LIMIT, clean_text, isolate


def safe_text(text: str, language: Language, secrets: Secrets) -> str:
    """Return the text on one line, without secrets, e-mail addresses and telephone numbers.

    In a language that is written from right to left, names and days inside a sentence keep their own direction.
    """

    def clean(part: str) -> str:
        return without_addresses(clean_text(secrets.redact(part), MESSAGE_LIMIT))

    if isinstance(text, Phrase) and load_language(language).direction == "rtl":
        return translated(text, language, lambda value: isolate(clean(value)))
    return clean(translated(text, language))

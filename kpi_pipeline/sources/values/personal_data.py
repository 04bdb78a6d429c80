"""Personal data at the door: identifying texts are replaced by their keyed hash before anything stores them.

Here: HMAC-SHA256 written in SQL, so that bulk rows need no Python, with the key in parameters and never in the SQL
text; what people wrote themselves without the addresses and numbers in it; and the column names that announce personal
data. Which columns are personal is said by the contract; where the key comes from belongs to the callers at the edge.
"""

import re
from collections.abc import Iterable
from hashlib import sha256

from kpi_pipeline.sources.values.sql_text import literal

_BLOCK = 64
KEPT_CHARACTERS = 32
MASKED_ADDRESS, MASKED_NUMBER = "[e-mail]", "[phone]"

# Read by DuckDB and by Python alike. A number of eight digits in a free text may be something else than a phone's; what
# is lost then is a number in a comment.
_ADDRESS = r"[^\s@<>(),;:\"'\[\]]+(@|%40|＠)[^\s@<>(),;:\"'\[\]/?&=]+\.[^\s@<>(),;:\"'\[\]/?&=.]{2,}"
_DIGIT = "[0-9۰-۹٠-٩]"
_NUMBER = rf"[+(]*{_DIGIT}([ \x{{00A0}}().\-/‐–]{{0,3}}{_DIGIT}){{7,}}"
_ADDRESS_IN_PYTHON = re.compile(_ADDRESS)
_FOREIGN_NUMBER = re.compile(rf"\+{_DIGIT}([ \u00a0().\-/‐–]{{0,3}}{_DIGIT}){{7,}}")

# Words of a header, beside which others do not matter unless they say that the column is about something else.
_PERSONAL_WORDS = {
    "an e-mail address": r"e ?mail|mail address|پست الکترونیکی?|ایمیل|رایانامه",
    "a phone number": r"phone|telephone|mobile|msisdn|whatsapp|(mobile|phone|tel|cell|contact) (no|number|nr)|tel"
    r"|telefon|telefonnummer|handy|تلفن|موبایل|شماره تماس|تلفن همراه|شماره همراه|همراه",
    "a person's name": r"(first|last|full|sur|family|given|middle|customer|client|buyer|contact|recipient|billing"
    r"|shipping|person|member|user|subscriber|cardholder|requester) ?name|surname|vorname|nachname|kundenname"
    r"|نام خانوادگی|نام و نام خانوادگی|نام مشتری|نام خریدار|نام گیرنده|نام کاربر",
    "a postal address": r"(street|postal|home|billing|shipping) address ?\d?|address line ?\d?|street|strasse"
    r"|نشانی|آدرس",
    "a number of a person": r"national (id|code|number)|passport( no| number)?|iban|card number|کد ملی|شماره کارت|شبا",
}
_OTHER_THINGS = (
    r"campaign|kampagne|template|subject|list|flow|automation|status|state|type|consent|marketing|opt|opted|domain"
    r"|provider|device|app|count|number of|sent|source|medium|channel|product|brand|model|کمپین|محصول|وضعیت|نوع"
)


def announced(names: Iterable[str]) -> str | None:
    """Return what kind of personal data a column's names announce, None where they announce none."""
    for name in names:
        words = " ".join(re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))).casefold()
        words = words.translate(str.maketrans("يك", "یک"))
        for kind, pattern in _PERSONAL_WORDS.items():
            found = re.search(rf"(^| )({pattern})( |$)", words)
            if found and not re.search(rf"(^| )({_OTHER_THINGS})( |$)", words.replace(found[2], " ", 1)):
                return kind
    return None


def masked(text: str) -> str:
    """Return the expression of a text without the e-mail addresses and phone numbers in it."""
    without_addresses = f"regexp_replace({text}, {literal(_ADDRESS)}, {literal(MASKED_ADDRESS)}, 'g')"
    return f"regexp_replace({without_addresses}, {literal(_NUMBER)}, {literal(MASKED_NUMBER)}, 'g')"


def without_addresses(text: str) -> str:
    """Return a text for a message without e-mail addresses and phone numbers; plain numbers stay, they are evidence."""
    if not any(mark in text for mark in ("@", "%40", "＠", "+")):
        return text
    return _FOREIGN_NUMBER.sub(MASKED_NUMBER, _ADDRESS_IN_PYTHON.sub(MASKED_ADDRESS, text))


def hash_parameters(key: bytes) -> dict[str, object]:
    """Return the two padded keys of HMAC-SHA256 (RFC 2104) that ``hashed`` refers to."""
    block = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return {
        "inner_key": bytes(byte ^ 0x36 for byte in block),
        "outer_key": bytes(byte ^ 0x5C for byte in block),
    }


def hashed(text: str) -> str:
    """Return the expression of a text's keyed hash; case and outer spaces do not matter, an empty text has none."""
    message = f"encode(lower(trim({text})))"
    digest = f"sha256($outer_key || unhex(sha256($inner_key || {message})))"
    return f"case when trim({text}) <> '' then left({digest}, {KEPT_CHARACTERS}) end"

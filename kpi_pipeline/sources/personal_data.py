"""Personal data at the door: identifying texts are replaced by their keyed hash before anything stores them.

Here: HMAC-SHA256 written in SQL, so that bulk rows need no Python, with the key in parameters and never in the SQL
text. Which columns are personal is said by the contract; where the key comes from belongs to the callers at the edge.
"""

from hashlib import sha256

_BLOCK = 64
KEPT_CHARACTERS = 32


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

import hashlib
import hmac

import duckdb
import pytest

from kpi_pipeline.sources.values.personal_data import hash_parameters, hashed


@pytest.mark.parametrize(
    "key", [b"k", b"exactly sixty-four bytes are one block of SHA-256, so this fits!", b"long" * 40]
)
@pytest.mark.parametrize("text", ["buyer@example.com", " Buyer@Example.COM ", "خریدار@example.ir"])
def test_the_hash_is_hmac_sha256_of_the_normalised_text(key: bytes, text: str) -> None:
    with duckdb.connect() as connection:
        query = f"select {hashed('cell')} from (select $text as cell)"
        row = connection.execute(query, hash_parameters(key) | {"text": text}).fetchone()
    assert row == (hmac.new(key, text.strip().lower().encode(), hashlib.sha256).hexdigest()[:32],)


@pytest.mark.parametrize("text", [None, "", "  "])
def test_an_empty_text_has_no_hash(text: str | None) -> None:
    with duckdb.connect() as connection:
        query = f"select {hashed('cell')} from (select cast($text as varchar) as cell)"
        assert connection.execute(query, hash_parameters(b"k") | {"text": text}).fetchone() == (None,)

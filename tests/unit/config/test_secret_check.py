"""No shape of a secret stands whole in this file: programs that look for secrets read repositories too."""

from base64 import b64encode

import pytest

from kpi_pipeline.config.configuration import check_configuration

HEX = "0123456789abcdef"
SHAPES = [
    "sk_" + "live_51H8xYzAbCdEf",
    "rk_" + "live_51H8xYzAbCdEf",
    "whsec" + "_51H8xYzAbCdEf",
    "shpat" + "_" + HEX * 2,
    "xoxb" + "-123456789012-abcdefGHIJ",
    "ya29" + ".a0AfB_byCdEfGh-ij",
    "GOCSPX" + "-abcdefghijklmnop",
    "AIza" + "SyA-abcdefghijklmnopqrstuvwxyz12345",
    "EAA" + "Bsbcs1234567890abcdefghijkl",
    "ghp" + "_abcdefghijklmnopqrstuvwxyz0123456789",
    "github_pat" + "_11ABCDEFG0abcdefghijklm",
    "glpat" + "-abcdefghijklmnopqrst",
    "pat-" + "na1-0a1b2c3d-1111-2222-3333-444455556666",
    "ck_" + HEX * 2 + "01234567",
    HEX * 2 + "-us" + "21",
    "pk_" + HEX * 2 + "01",
    "tfp" + "_abcdefghijklmnopqrstuvwxyz",
    "00D" + "5g000004ABCDEAW!AQ8AQFabcdefghijklmnop.qr",
    "AKIA" + "IOSFODNN7EXAMPLE",
    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "https://someone" + ":hunter2@shop.example/admin",
    "Basic " + b64encode(b"someone:a-long-password").decode(),
    "Bearer " + "abcdefghijklmnopqrstuvwxyz",
    "-----BEGIN " + "PRIVATE KEY-----",
]


@pytest.mark.parametrize("secret", SHAPES)
@pytest.mark.parametrize(
    "line", ["account_id: '{}'", "currency: '{}'", "system: '{}'", "# formerly {}", "unknown: '{}'"]
)
def test_a_value_that_looks_like_a_secret_is_refused_and_never_repeated(folder, secret, line):
    folder.change("sources/google_ads.yaml", "system: google_ads", "system: google_ads\n" + line.format(secret))
    configuration, problems = check_configuration(folder.path)
    assert configuration is None
    (problem,) = [problem for problem in problems if problem.code == "CFG006"]
    assert (str(problem.path), problem.line) == ("config/sources/google_ads.yaml", 2)
    assert "environment" in problem.hint
    assert all(secret not in str(problem) and "hunter2" not in str(problem) for problem in problems)


@pytest.mark.parametrize(
    "key",
    ["token", "access_token", "client_secret", "password", "api_key", "apikey", "private_key", "credentials", "pwd"],
)
@pytest.mark.parametrize("value", ["opensesame", "'0123456'", "0123456", "4711", "[opensesame, 4711]"])
def test_a_key_that_announces_a_secret_is_refused_without_its_value(folder, key, value):
    folder.change("sources/google_ads.yaml", "currency:", f"options:\n    {key}: {value}\ncurrency:")
    problems = folder.problems()
    assert {(problem.code, problem.line) for problem in problems} >= {("CFG006", 3)}
    assert not any(part in str(problem) for problem in problems for part in ("opensesame", "123456", "4711"))


def test_a_secret_of_several_lines_is_found(folder):
    folder.change(
        "sources/google_ads.yaml", "currency:", "options:\n    signing_key: |\n        abc\n        def\ncurrency:"
    )
    assert [(problem.code, problem.line) for problem in folder.problems()] == [("CFG006", 3)]


def test_other_files_in_the_folder_are_looked_at_too(folder):
    folder.write("google.json", '{"private_key": "' + SHAPES[-1] + '"}')
    folder.write("sources/old.yaml.bak", f"token: x\naccount_id: {SHAPES[0]}\n")
    assert [(str(problem.path), problem.line, problem.code) for problem in folder.problems()] == [
        ("config/google.json", 1, "CFG006"),
        ("config/sources/old.yaml.bak", 2, "CFG006"),
    ]


def test_what_only_sounds_like_a_secret_is_none(folder):
    folder.write(
        "sources/till.yaml",
        """\
system: csv
subject: refunds
columns:
    refund_id: {header: Token}
    order_id: {header: Password reset}
    day: {header: Datum}
    amount: {header: Betrag}
    reason: {header: Grund, values: {password: credentials lost}}
options:
    token_variable: SHOP_TOKEN
    address: https://shop.example/admin
constants: {currency: EUR}
""",
    )
    assert folder.problems() == []


def test_an_empty_secret_is_none(folder):
    folder.change("sources/google_ads.yaml", "currency:", "options: {token: ''}\ncurrency:")
    assert folder.problems() == []

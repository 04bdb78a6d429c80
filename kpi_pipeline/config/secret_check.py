"""Secrets written into the configuration, where every copy of the folder would carry them.

Here: keys that announce a secret, and values that have the shape of a known one. A message names the place and the
kind, never the value. Where secrets come from instead belongs to ``secrets``.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem
from kpi_pipeline.config.yaml_reader import Location, YamlDocument

CODE = "CFG006"
HINT = Phrase(
    "remove it, make a new one, and set the new one in the environment, or in a file that the environment names"
)
_KEY = re.compile(
    r"(^|_)(token|secret|password|passwd|passphrase|pwd|api_?key|private_?key|access_?key|signing_?key"
    r"|credentials?|authorization|bearer)$"
)
# The translations of a column's values may be any words.
_WORDS = "values"
_SHAPES = {
    Phrase("a private key"): r"-----BEGIN [A-Z ]*PRIVATE KEY",
    Phrase("a JSON web token"): r"\beyJ[\w-]{8,}\.[\w-]{8,}\.",
    Phrase("a password in an address"): r"\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@'\"]*:[^\s/@'\"]+@",
    Phrase("an authorization header"): r"\b(Bearer|Basic) +[\w+/=.~-]{16,}",
    Phrase("a Stripe key"): r"\b([sr]k_(live|test)|whsec)_\w{8,}",
    Phrase("a Shopify token"): r"\bshp(at|ca|pa|ss|tka)_\w{16,}",
    Phrase("a Slack token"): r"\bxox[a-z]-[\w-]{10,}",
    Phrase("a Google token"): r"\b(ya29\.|GOCSPX-|1//0)[\w-]{10,}",
    Phrase("a Google key"): r"\bAIza[\w-]{20,}",
    Phrase("a Meta token"): r"\bEAA[A-Za-z0-9]{20,}",
    Phrase("a GitHub token"): r"\b(gh[opusr]_|github_pat_)\w{20,}",
    Phrase("a GitLab token"): r"\bglpat-[\w-]{16,}",
    Phrase("a HubSpot token"): r"\bpat-[a-z]{2}\d-[0-9a-fA-F-]{20,}",
    Phrase("a WooCommerce key"): r"\bc[ks]_[0-9a-f]{32,}",
    Phrase("a Mailchimp key"): r"\b[0-9a-f]{32}-us\d{1,2}\b",
    Phrase("a Klaviyo key"): r"\bpk_\w{30,}",
    Phrase("a Typeform token"): r"\btfp_\w{20,}",
    Phrase("a Salesforce session"): r"\b00D\w{12,15}![\w.]{20,}",
    Phrase("an AWS key"): r"\b(AKIA|ASIA)[0-9A-Z]{16}\b",
}
_SHAPE = re.compile("|".join(f"(?P<_{number}>{shape})" for number, shape in enumerate(_SHAPES.values())))


def secret_problems(document: YamlDocument, content: bytes) -> Iterator[Problem]:
    """Yield one problem for each line of a YAML file that holds a secret, comments included."""
    problems = {problem.line: problem for problem in file_problems(document.path, content)}
    for location, line in document.lines.items():
        key = next((part for part in reversed(location) if isinstance(part, str)), "")
        if line in problems or _WORDS in location[:-1] or not _KEY.search(key.lower()):
            continue
        if _is_written(document, location):
            message = Phrase('"{key}" is a secret, and secrets do not stand in the configuration', key=key)
            problems[line] = Problem(document.path, line, CODE, message, HINT)
    yield from problems.values()


def file_problems(path: Path, content: bytes) -> Iterator[Problem]:
    """Yield one problem for each line of any file that has the shape of a known kind of secret."""
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        if match := _SHAPE.search(line):
            kind = list(_SHAPES)[int(str(match.lastgroup).removeprefix("_"))]
            yield Problem(path, number, CODE, Phrase("this line seems to hold {kind}", kind=kind), HINT)


def without_lines_of_secrets(problems: set[Problem]) -> set[Problem]:
    """Leave out what else is said about a line with a secret: it may repeat the value."""
    silent = {(problem.path, problem.line) for problem in problems if problem.code == CODE}
    return {problem for problem in problems if problem.code == CODE or (problem.path, problem.line) not in silent}


def _is_written(document: YamlDocument, location: Location) -> bool:
    try:
        value = document.at(location)
    except (KeyError, IndexError, TypeError):
        return False
    if isinstance(value, tuple):
        return any(isinstance(item, str | int | float) for item in value)
    return isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip() != ""

"""No page for executives holds anything of an internal KPI: random catalogues, every page, both languages."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from kpi_pipeline.catalogue.exposure.audience import Audiences
from tests.unit.catalogue.leak_search import names_any, open_publisher, secret_names
from tests.unit.catalogue.random_catalogues import WEEKS, random_catalogue, week
from tests.unit.reports.test_executive_reports_name_no_internal_kpi import LAYOUT, unmarked
from tests.unit.serve.visitor import served

# The texts of its executive KPIs name an internal one, as those of many do.
SEED = 4


class Texts(HTMLParser):
    """All that a reader may come upon, in addresses too."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value.replace("/", " ") for name, value in attrs if value and name not in LAYOUT]

    def handle_data(self, data: str) -> None:
        self.found.append(data)


@pytest.mark.slow
def test_every_page_is_searched(tmp_path: Path) -> None:
    config = random_catalogue(SEED).before
    with open_publisher(tmp_path) as publisher:
        publisher.published(config, publisher.refresh(config, "publications"))
        with served(tmp_path / "out", "executive") as visitor:
            pages = visitor.all_pages("/en/", weeks=[week(WEEKS - 1).isoformat()])
    secret, known = secret_names(config)
    # A name of one word may be a word of the pages themselves.
    secret = {name for name in secret if len(name) > 1 or "_" in name[0]}
    audiences = Audiences(config)
    assert secret
    assert audiences.internal_kpis
    assert all(
        f"/fa/metrics/{config.kpis[name].metric}" in pages or any(name in place for place in pages)
        for name in audiences.executive_kpis
    )
    assert all(answer.status == 200 for answer in pages.values())
    texts = [(place, unmarked(text)) for place, answer in pages.items() for text in Texts(answer.text).found]
    assert [(place, text) for place, text in texts if names_any(text, secret, known)] == []
    name = " ".join(min(secret))
    assert names_any(f"Why: {name}!", secret, known)

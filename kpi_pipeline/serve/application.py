"""The pages as a web application: which address shows what.

Here: addresses, and what is shown when a page is not there. What a page holds belongs to its own module.
"""

from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from kpi_pipeline.config.model import Language as LanguageCode
from kpi_pipeline.config.report import Audience
from kpi_pipeline.errors import PublishError, ReportError
from kpi_pipeline.serve.definition_part import last_complete_week
from kpi_pipeline.serve.fonts import fetched_fonts, font_faces
from kpi_pipeline.serve.guard import Guard
from kpi_pipeline.serve.kpi_page import kpi_page
from kpi_pipeline.serve.metric_pages import metric_page, metrics_page
from kpi_pipeline.serve.published import Published
from kpi_pipeline.serve.quality_page import quality_page
from kpi_pipeline.serve.rendering import render, style_sheet
from kpi_pipeline.serve.site import Site
from kpi_pipeline.serve.week_pages import scorecard_page, weeks_page
from kpi_pipeline.wording.language import load_language
from kpi_pipeline.wording.phrasing import LANGUAGES

Page = Callable[[Request, Published, Site, list[date]], tuple[str, dict[str, Any] | None]]


def application(folder: Path, audience: Audience, hosts: Collection[str], language: LanguageCode) -> Starlette:
    """Return the application.

    Args:
        folder: where snapshots are published; the current one is found anew for every page.
        audience: whose snapshot is shown; no other file is ever opened.
        hosts: the hosts that may be asked for.
        language: the language of those who have not chosen one.
    """
    one_at_a_time = Lock()

    def answer(page: Page) -> Callable[[Request], Response]:
        def handle(request: Request) -> Response:
            # Within one process, a file that is open is locked down already and cannot be opened once more.
            with one_at_a_time:
                published = Published.current(folder, audience)
                site = _site(request, audience, published)
                name, content = page(request, published, site, published.weeks())
            if content is None:
                raise HTTPException(404)
            return HTMLResponse(render(name, site, **content))

        return handle

    def refuse(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 503
        site = _site(request, audience, None, language)
        return HTMLResponse(render("problem", site, problem="missing" if status == 404 else "unavailable"), status)

    def start(request: Request) -> Response:
        return RedirectResponse(f"/{language}/")

    def style(request: Request) -> Response:
        return Response(font_faces() + style_sheet(), media_type="text/css")

    def font(request: Request) -> Response:
        file = fetched_fonts().get(request.path_params["name"])
        if file is None:
            raise HTTPException(404)
        return FileResponse(file, media_type="font/ttf")

    pages: dict[str, Page] = {
        "": _weeks,
        "weeks/{week}": _scorecard,
        "kpis/{kpi_id}": _kpi,
        "kpis/{kpi_id}/{week}": _kpi,
        "metrics": _metrics,
        "metrics/{metric_id}": _metric,
        "quality": _quality,
    }
    return Starlette(
        routes=[
            Route("/", start),
            Route("/style.css", style),
            Route("/fonts/{name}", font),
            *(Route(f"/{{language}}/{place}", answer(page)) for place, page in pages.items()),
        ],
        middleware=[Middleware(Guard, hosts=hosts)],
        exception_handlers={HTTPException: refuse, PublishError: refuse, ReportError: refuse},
    )


def _site(
    request: Request, audience: Audience, published: Published | None, default: LanguageCode | None = None
) -> Site:
    first, _, place = request.url.path.removeprefix("/").partition("/")
    if first not in LANGUAGES:
        if default is None:
            raise HTTPException(404)
        first, place = default, ""
    asked = f"?{request.url.query}" if request.url.query else ""
    return Site(load_language(first), audience, f"{place}{asked}", published.snapshot() if published else None)


def _weeks(request: Request, published: Published, site: Site, weeks: list[date]) -> tuple[str, dict[str, Any] | None]:
    until = request.query_params.get("until")
    day = _week(until, weeks) if until else None
    return "weeks", weeks_page(published, site, weeks, day)


def _scorecard(
    request: Request, published: Published, site: Site, weeks: list[date]
) -> tuple[str, dict[str, Any] | None]:
    week = _week(request.path_params["week"], weeks)
    return "scorecard", scorecard_page(published, site, week)


def _kpi(request: Request, published: Published, site: Site, weeks: list[date]) -> tuple[str, dict[str, Any] | None]:
    kpi_id, asked = request.path_params["kpi_id"], request.path_params.get("week")
    # A KPI may be younger than others.
    own = published.kpi_weeks(kpi_id)
    week = _week(asked, own) if asked else last_complete_week(own, site.as_of)
    return "kpi", kpi_page(published, site, kpi_id, week, own) if week else None


def _metrics(
    request: Request, published: Published, site: Site, weeks: list[date]
) -> tuple[str, dict[str, Any] | None]:
    return "metrics", metrics_page(published, site, request.query_params.get("search", ""))


def _metric(request: Request, published: Published, site: Site, weeks: list[date]) -> tuple[str, dict[str, Any] | None]:
    week = last_complete_week(weeks, site.as_of)
    return "metric", metric_page(published, site, request.path_params["metric_id"], week)


def _quality(
    request: Request, published: Published, site: Site, weeks: list[date]
) -> tuple[str, dict[str, Any] | None]:
    return "quality", quality_page(published, site, last_complete_week(weeks, site.as_of))


def _week(written: str, weeks: list[date]) -> date:
    """The week that an address names, if it is one of the snapshot's."""
    found = [week for week in weeks if week.isoformat() == written]
    if not found:
        raise HTTPException(404)
    return found[0]

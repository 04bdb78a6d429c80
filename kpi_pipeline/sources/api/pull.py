"""One pull: which days to ask for, the questions, and a stored file in the end.

Here: what every system with an API offers (``ApiFacts``, ``pull``), the window that a run re-reads, and the way from
pages to a file. How an arrived file is loaded belongs to ``ingest``, a vendor's questions to ``systems``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from pathlib import Path
from typing import Literal, Protocol, cast
from zoneinfo import ZoneInfo

from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.http_client import HttpClient, Limits, accept_anything
from kpi_pipeline.sources.api.pacing import Pacing, real_pacing
from kpi_pipeline.sources.api.pages import Page, refusing_unknown_shapes, write_pull
from kpi_pipeline.sources.api.verdict import Judge
from kpi_pipeline.sources.contracts.contract import source_error

OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True)
class ApiFacts:
    """What is known about the API that a system was written for.

    Attributes:
        version: taken where the YAML does not name another one; empty for an API without versions.
        sunset: the day on which the vendor turns this version off, as far as it is announced.
        endpoint: where it is; empty where every customer has an address of its own.
        secrets: names of the secrets that it always needs.
        optional_secrets: names of secrets that it can use.
        asks_for: ``days``: figures by day, of which the newest are asked for again; ``changes``: entities that
            changed since the last pull.
    """

    version: str
    sunset: date | None
    endpoint: str
    secrets: tuple[str, ...]
    asks_for: Literal["days", "changes"]
    optional_secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class ApiAccess:
    """What the edge gives to every pull.

    Attributes:
        environment: where secrets are found.
    """

    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    pacing: Pacing = field(default_factory=real_pacing)


@dataclass(frozen=True)
class PullRequest:
    """What to ask for.

    Attributes:
        name: the source's name.
        first_day: first day to ask for.
        last_day: last day to ask for, inclusive.
        changed_since: of entities, only what changed since this instant; None asks for everything from ``first_day``.
        now: the instant of the pull.
    """

    name: str
    source: Source
    facts: ApiFacts
    secrets: Secrets
    pacing: Pacing
    first_day: date
    last_day: date
    changed_since: datetime | None
    now: datetime

    @property
    def file_name(self) -> str:
        """What the ledger and messages call the pull."""
        return pull_name(self.name)

    @property
    def version(self) -> str:
        """The version of the API to ask."""
        return (self.source.pull and self.source.pull.version) or self.facts.version

    @property
    def page_limit(self) -> int:
        """More pages than this are taken for an endless answer."""
        return self.source.pull.page_limit if self.source.pull else 0

    def secret(self, name: str) -> str:
        """Return a secret from ``KPI_<SOURCE>_<NAME>`` or from the file that ``..._FILE`` names.

        Raises:
            ConfigurationError: there is none.
        """
        return self.secrets.require(self._variable(name), f"for config/sources/{self.name}.yaml")

    def optional_secret(self, name: str) -> str | None:
        """Return a secret that the API can do without."""
        return self.secrets.read(self._variable(name))

    def keep_secret(self, name: str, value: str) -> None:
        """Write a secret that the vendor replaced into the file that ``KPI_<SOURCE>_<NAME>_FILE`` names.

        Raises:
            ConfigurationError: there is no such file, or it cannot be written.
        """
        self.secrets.keep(self._variable(name), value)

    def _variable(self, name: str) -> str:
        return f"KPI_{self.name.upper()}_{name.upper()}"

    @property
    def since(self) -> datetime:
        """The instant since which entities are asked for."""
        zone = ZoneInfo(self.source.time_zone or "UTC")
        return self.changed_since or datetime.combine(self.first_day, time(), zone).astimezone(UTC)

    def option(self, name: str, default: str = "") -> str:
        """Return one of the source's own settings that has a single value."""
        value = self.source.options.get(name, default)
        return value if isinstance(value, str) else ",".join(value)

    def client(
        self,
        *,
        path: str = "",
        headers: Mapping[str, str] | None = None,
        judge: Judge = accept_anything,
    ) -> HttpClient:
        """Make the HTTP client of this pull.

        Args:
            path: stands before all paths, e.g. the version.
            headers: sent with every question.
            judge: the vendor's own rules.

        Raises:
            ConfigurationError: there is no address, or it is not https.
        """
        pull = self.source.pull
        endpoint = (pull and pull.endpoint) or self.facts.endpoint
        if not endpoint:
            raise source_error(
                self.name, "pull.endpoint", "is missing; this API has another address for every customer"
            )
        return HttpClient(
            self.file_name,
            endpoint.rstrip("/") + path,
            self.secrets,
            self.pacing,
            self.now,
            headers=headers or {},
            judge=judge,
            limits=Limits(budget_seconds=60 * (pull.budget_minutes if pull else 30)),
        )

    def spans(self, longest: int) -> Iterator[tuple[date, date]]:
        """Yield the days to ask for in spans of at most ``longest`` days."""
        first = self.first_day
        while first <= self.last_day:
            last = min(first + timedelta(days=longest - 1), self.last_day)
            yield first, last
            first = last + timedelta(days=1)


class PulledSystem(Protocol):
    """What the module of a system with an API offers beside ``build`` and ``rewrite``."""

    API: ApiFacts

    def pull(self, request: PullRequest) -> Iterator[Page]:
        """Ask for everything and yield the answers.

        Raises:
            RefusedFile: the answer is not complete; nothing of it is kept then.
        """


@dataclass(frozen=True)
class PastPulls:
    """What the ledger knows about the accepted pulls of a source.

    Attributes:
        first_day: first day that any of them speaks for.
        last_day: last day that any of them speaks for.
        newest_at: instant of the newest one, in UTC without time zone.
        newest_for: the day of the run that made it.
    """

    first_day: date
    last_day: date
    newest_at: datetime
    newest_for: date


def pull_name(source: str) -> str:
    """Return what the ledger and messages call the pulls of a source."""
    return f"{source}.pull"


def pulled_system(system: str) -> PulledSystem | None:
    """Return the module of a system that has an API, None for systems that read files."""
    module = import_module(f"kpi_pipeline.sources.systems.{system}")
    return cast(PulledSystem, module) if hasattr(module, "pull") else None


def request_for(
    name: str,
    source: Source,
    system: PulledSystem,
    past: PastPulls | None,
    *,
    access: ApiAccess,
    as_of: date,
    now: datetime,
) -> PullRequest | None:
    """Decide what to ask for; None where nothing is left to ask in this run.

    Figures by day are asked for again as long as the platform may change them. Entities are asked for by their
    changes, with an overlap; a first day that was set back in the YAML asks for everything again.

    Raises:
        ConfigurationError: the YAML has no ``pull``.
    """
    if source.pull is None:
        raise source_error(name, "pull", "is missing")
    starts_on, last_day = source.pull.starts_on, as_of - timedelta(days=1)
    first_day, changed_since = starts_on, None
    if past is not None and past.first_day <= starts_on:
        if past.newest_for > as_of:
            return None  # a later run has asked already; this one repeats the past
        if system.API.asks_for == "changes":
            changed_since = past.newest_at.replace(tzinfo=UTC) - OVERLAP
            first_day = max(starts_on, min(past.last_day + timedelta(days=1), last_day))
        else:
            first_day = max(starts_on, min(as_of - timedelta(days=source.restates_days), past.last_day + timedelta(1)))
    if first_day > last_day:
        return None
    return PullRequest(
        name,
        source,
        system.API,
        Secrets(access.environment),
        access.pacing,
        first_day,
        last_day,
        changed_since,
        now,
    )


def store_pull(request: PullRequest, system: PulledSystem, target: Path) -> None:
    """Ask for everything and write the answers to ``target``.

    Raises:
        RefusedFile: the answers are not complete.
    """
    try:
        with refusing_unknown_shapes(request.file_name, request.source.system):
            write_pull(target, request.source.system, request.first_day, request.last_day, system.pull(request))
    except BaseException:
        target.unlink(missing_ok=True)
        raise

"""The last check before an edition for executives leaves: no internal KPI is named in its bytes.

Here: searching the finished files. That no internal KPI gets into them follows from how snapshots are made; this check
believes none of that. Which files hold which texts belongs to ``artefact_texts``.
"""

import hashlib
import re

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.exposure.withheld_texts import InternalNames
from kpi_pipeline.delivery.artefact_texts import texts
from kpi_pipeline.delivery.channel import Parcel
from kpi_pipeline.delivery.edition import Attachment
from kpi_pipeline.delivery.pdf_words import names_on_page

# Text taken from pages and headers may glue words of two scripts together.
_SCRIPTS = re.compile(r"(?<=[\u0600-\u06ff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[\u0600-\u06ff])")


class ExposureCheck:
    """Searches parcels for the names of one configuration's internal KPIs."""

    def __init__(self, audiences: Audiences) -> None:
        self._names = InternalNames(audiences)
        self._answers: dict[str, str | None] = {}

    def problem(self, parcel: Parcel) -> str | None:
        """Return why a parcel must not go to executives, or None if it may."""
        for file in parcel.files:
            key = hashlib.sha256(file.name.encode() + b"\0" + file.content).hexdigest()
            if key not in self._answers:
                self._answers[key] = self._problem_of(file)
            if (problem := self._answers[key]) is not None:
                return problem
        return None

    def _problem_of(self, file: Attachment) -> str | None:
        if not self._names.internal:
            return None
        try:
            for place, text in texts(file):
                if found := self._found(place, text):
                    return f"{place} names the internal KPI {' '.join(found.split())!r}"
        except KeyError as error:
            return f"a file of the kind {error} cannot be checked"
        except Exception as error:  # whatever a reader stumbles over, what was not read is not sent
            return f"a file cannot be checked: {type(error).__name__}"
        return None

    def _found(self, place: str, text: str) -> str | None:
        named = self._names.found_in(_SCRIPTS.sub(" ", text))
        if not named and place.startswith("page "):
            named = list(names_on_page(text, self._names.internal, self._names.known))
        return named[0] if named else None

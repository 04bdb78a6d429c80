"""One delivery from its claim to its outcome.

Here: the order of steps that keeps the promise of at most one copy: claim, send, enter what came of it. Nothing is sent
without a claim that still holds. When a try is repeated belongs to ``tries``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kpi_pipeline.delivery.channel import ChannelSender, Outcome, Parcel, TryAgain
from kpi_pipeline.delivery.delivery_ledger import Contents, DeliveryLedger, Place
from kpi_pipeline.delivery.tries import outcome_of_tries
from kpi_pipeline.sources.api.pacing import Pacing


@dataclass
class Dispatcher:
    """Sends parcels under the ledger's rule."""

    ledger: DeliveryLedger
    now: Callable[[], datetime]
    pacing: Pacing

    def send(self, sender: ChannelSender, parcel: Parcel, place: Place, contents: Contents) -> Outcome | None:
        """Send a parcel; None if it is not ours to send, because it was sent, is being sent, or nobody can tell."""
        claim = self.ledger.claim(place, contents, self.now())
        if claim is None:
            return None
        outcome = Outcome("unknown", "sending was interrupted")
        try:
            outcome = self._outcome(sender, parcel, place, claim)
        finally:
            self.ledger.settle(place, claim, outcome.state, outcome.reason, self.now())
        return outcome

    def _outcome(self, sender: ChannelSender, parcel: Parcel, place: Place, claim: str) -> Outcome:
        def attempt() -> Outcome | TryAgain:
            if not self.ledger.renew(place, claim, self.now()):
                return Outcome("unknown", "the claim was lost")
            return sender.attempt(parcel, place)

        return outcome_of_tries(attempt, self.pacing)

"""Trying again: what comes of several attempts to hand over the same parcel.

Here: how often, after which waits, and what the attempts mean together. Whether one may be repeated is said by the
channel; whether it is still ours to make is asked by the caller.
"""

from collections.abc import Callable

from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt

from kpi_pipeline.delivery.channel import Outcome, TryAgain
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.api.pacing import Pacing

TRIES = 4
FIRST_WAIT, LONGEST_WAIT = 2.0, 60.0


def outcome_of_tries(attempt: Callable[[], Outcome | TryAgain], pacing: Pacing) -> Outcome:
    """Repeat an attempt as long as it asks for it, and return what is settled in the end."""
    may_have_arrived = False

    def noted() -> Outcome | TryAgain:
        nonlocal may_have_arrived
        try:
            result = attempt()
        except ConfigurationError as error:
            # Raised for what is missing in the environment, before anybody is asked.
            return Outcome("failed", str(error))
        may_have_arrived |= isinstance(result, TryAgain) and result.may_have_arrived
        return result

    def wait(state: RetryCallState) -> float:
        longest = min(LONGEST_WAIT, FIRST_WAIT**state.attempt_number)
        # At least half of it, so that a busy server is really left alone.
        return longest * (0.5 + 0.5 * pacing.jitter())

    retrying = Retrying(
        stop=stop_after_attempt(TRIES),
        retry=retry_if_result(lambda result: isinstance(result, TryAgain)),
        wait=wait,
        sleep=pacing.sleep,
        retry_error_callback=_last_result,
    )
    result = retrying(noted)
    if isinstance(result, TryAgain):
        reason = f"{result.reason}, tried {TRIES} times"
        return Outcome("unknown" if may_have_arrived else "failed", reason)
    if result.state == "failed" and may_have_arrived:
        return Outcome("unknown", f"an earlier try may have arrived; then: {result.reason}")
    return result


def _last_result(state: RetryCallState) -> Outcome | TryAgain:
    assert state.outcome is not None
    result: Outcome | TryAgain = state.outcome.result()
    return result

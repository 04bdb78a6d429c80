"""A sign of life for a monitor elsewhere, which raises the alarm when it does not come.

Here: one request. It says nothing but that all is well: whoever cannot send it, because the machine is off or the mail
server is down, is noticed by its absence. When all is well is decided by the caller.
"""

from urllib.parse import urlsplit

import requests

from kpi_pipeline.config.delivery_checks import is_loopback
from kpi_pipeline.config.secrets import Secrets

ADDRESS = "KPI_HEARTBEAT_URL"
TIMEOUT_SECONDS = 10


def send_heartbeat(secrets: Secrets) -> str | None:
    """Ask the address in ``KPI_HEARTBEAT_URL``; return why it did not take the sign, None if it did or none is set.

    The address is a secret: whoever knows it can keep the monitor quiet.

    Raises:
        ConfigurationError: if the file that ``KPI_HEARTBEAT_URL_FILE`` names cannot be used.
    """
    address = secrets.read(ADDRESS)
    if address is None:
        return None
    url = urlsplit(address)
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.hostname or "")):
        return f"{ADDRESS}: expected an https:// address, found another one; set the one that the monitor shows"
    try:
        answer = requests.get(address, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        # Its words repeat the address.
        return f"{ADDRESS}: the monitor does not answer ({type(error).__name__}); is it reached from this machine?"
    if not answer.ok or answer.is_redirect:
        return f"{ADDRESS}: the monitor answers {answer.status_code}, expected 200; is the address still the right one?"
    return None

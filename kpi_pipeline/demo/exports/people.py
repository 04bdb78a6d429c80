"""Names and addresses of customers who do not exist.

Here: how a customer's number becomes a name and an e-mail address. What customers do belongs to ``customers``.
"""

from kpi_pipeline.demo.events import TEST_CUSTOMER

FIRST_NAMES = (
    *("Anna", "Ben", "Clara", "David", "Elif", "Finn", "Greta", "Hassan", "Ida", "Jonas"),
    *("Karla", "Leon", "Mina", "Nils", "Olga", "Paul", "Rosa", "Sami", "Tilda", "Uwe"),
)
LAST_NAMES = (
    *("Abel", "Berg", "Claussen", "Dogan", "Evans", "Fuchs", "Graf", "Huber", "Ivers", "Jansen", "Khan", "Lorenz"),
    *("Maier", "Novak", "Otto", "Petersen", "Quast", "Richter", "Schulz", "Taylor", "Ullrich", "Vogel", "Weber"),
    *("Young", "Zeller"),
)
DOMAINS = ("example.com", "example.net", "example.org")
CAPITALS_EVERY = 19  # some people type their address with capitals on some days


def full_name(customer: int) -> str:
    """The customer's name."""
    if customer == TEST_CUSTOMER:
        return "Test Order"
    return f"{_first(customer)} {_last(customer)}"


def email_as_typed(customer: int, order_number: int) -> str:
    """The customer's address as typed for one order: always the same one, but not always in lower case."""
    if customer == TEST_CUSTOMER:
        return "shop-test@nordlicht-home.example"
    address = f"{_first(customer)}.{_last(customer)}{customer}@{DOMAINS[customer % len(DOMAINS)]}"
    return address if order_number % CAPITALS_EVERY == 0 else address.lower()


def _first(customer: int) -> str:
    return FIRST_NAMES[customer % len(FIRST_NAMES)]


def _last(customer: int) -> str:
    return LAST_NAMES[customer // len(FIRST_NAMES) % len(LAST_NAMES)]

"""The orders of a day, and what becomes of each of them later.

Here: what is ordered, by whom, and when it is paid, cancelled or refunded; all of it is drawn when the order is placed,
so that an export of any later day can tell the state of that day. Add an outcome of orders here. How orders are
exported belongs to ``exports``; how they are counted belongs to ``tally``.
"""

from dataclasses import dataclass

import numpy as np

from kpi_pipeline.demo.company import COUNTRIES, EMAIL, UNASSIGNED, Product, products
from kpi_pipeline.demo.customers import NEVER, Customers
from kpi_pipeline.demo.events import (
    NEW_CUSTOMER,
    NO_SESSION,
    PURCHASE,
    TEST_CUSTOMER,
    UNSEEN_PURCHASE,
    BoolArray,
    Events,
)
from kpi_pipeline.demo.exchange import IntArray
from kpi_pipeline.demo.timeline import DayPlan

FIRST_ORDER_NUMBER = 1001
LINE_COUNT_SHARES = (0.56, 0.30, 0.14)
QUANTITY_SHARES = (0.86, 0.11, 0.03)
DISCOUNT_CODES = ("", "WELCOME10", "NORD15")
DISCOUNT_PERCENTS = (0, 10, 15)
FREE_SHIPPING_CENTS = 8000
TIP_SHARE, TIP_CENTS = 0.02, (200, 300, 500)
TELEPHONE_ORDERS_A_DAY = 0.6
DAYS_BETWEEN_TEST_ORDERS = 10
VOIDED_RATE, TRANSFER_SHARE, UNPAID_SHARE, REFUND_RATE, FULL_REFUND_SHARE = 0.006, 0.09, 0.2, 0.09, 0.6


@dataclass(frozen=True)
class OrderDay:
    """The orders of one day by time, one element an order; days are indices, ``NEVER`` if it does not happen.

    Attributes:
        channel: that of the session whose browser reported the purchase, else ``UNASSIGNED``.
        customer: number of the customer, or ``TEST_CUSTOMER``.
        goods: items before discount, in cents of the order's currency; so are all other amounts but ``product_cost``.
        taxes: the part of the total that is tax.
        tip: for whoever packs the parcel; neither goods nor taxed.
        product_cost: in cents of the reporting currency.
        is_voided: the payment was refused.
        pays_by_transfer: pending until ``paid_day``.
        line_order: position of the order that a line belongs to; lines of one order follow each other.
    """

    day: int
    number: IntArray
    at: IntArray
    customer: IntArray
    is_first_try: BoolArray
    country: IntArray
    channel: IntArray
    by_telephone: BoolArray
    goods: IntArray
    discount: IntArray
    discount_code: IntArray
    shipping: IntArray
    taxes: IntArray
    tip: IntArray
    product_cost: IntArray
    is_voided: BoolArray
    pays_by_transfer: BoolArray
    paid_day: IntArray
    cancelled_day: IntArray
    refund: IntArray
    refund_day: IntArray
    line_order: IntArray
    line_product: IntArray
    line_quantity: IntArray
    line_price: IntArray

    def __len__(self) -> int:
        return len(self.number)

    @property
    def is_test(self) -> BoolArray:
        """Which orders only try the checkout out."""
        is_test: BoolArray = self.customer == TEST_CUSTOMER
        return is_test

    def is_valid_before(self, day: int) -> BoolArray:
        """Which orders count, by what happened before ``day``."""
        return ~self.is_test & ~self.is_voided & (self.cancelled_day >= day)

    def refunded_before(self, day: int) -> IntArray:
        """What was paid back before ``day``."""
        return np.where(self.refund_day < day, self.refund, 0)


@dataclass
class OrderBook:
    """Places orders; remembers the next number and the customers."""

    customers: Customers
    scale: float
    next_number: int = FIRST_ORDER_NUMBER

    def unseen_orders(self, rng: np.random.Generator, plan: DayPlan) -> Events:
        """Draw the day's orders that have no session: by telephone, and now and then one that tests the checkout."""
        telephone = int(rng.poisson(TELEPHONE_ORDERS_A_DAY * self.scale))
        test = int(plan.index % DAYS_BETWEEN_TEST_ORDERS == DAYS_BETWEEN_TEST_ORDERS - 1)
        count = telephone + test
        opens_at = plan.start_at + 9 * 3_600_000_000
        none = np.full(count, -1)
        return Events(
            at=rng.integers(opens_at, opens_at + 8 * 3_600_000_000, count),
            kind=np.full(count, UNSEEN_PURCHASE),
            visitor=none,
            session=np.full(count, NO_SESSION),
            channel=np.full(count, UNASSIGNED),
            campaign=none,
            device=none,
            country=np.where(np.arange(count) < telephone, rng.integers(0, len(COUNTRIES), count), 0),
            customer=np.where(np.arange(count) < telephone, NEW_CUSTOMER, TEST_CUSTOMER),
            is_engaged=np.zeros(count, dtype=np.bool_),
            is_late=np.zeros(count, dtype=np.bool_),
        )

    def place(self, rng: np.random.Generator, plan: DayPlan, purchases: Events) -> OrderDay:
        """Make one order of each purchase, in the given order, and plan when its customer comes back."""
        count = len(purchases)
        number = self.next_number + np.arange(count)
        self.next_number += count
        customer = purchases.customer.copy()
        is_new = customer == NEW_CUSTOMER
        customer[is_new] = self.customers.enrol(purchases.country[is_new])

        line_order, line_product, line_quantity, line_price, line_cost = _draw_lines(rng, purchases.country)
        goods = _sums(line_order, line_quantity * line_price, count)
        code = _draw_codes(rng, is_new, purchases.channel)
        discount = (goods * np.array(DISCOUNT_PERCENTS)[code] + 50) // 100
        paid_for_goods = goods - discount
        shipping = np.array([country.shipping_cents for country in COUNTRIES])[purchases.country]
        shipping = np.where(paid_for_goods >= FREE_SHIPPING_CENTS, 0, shipping)
        tax_percent = np.array([country.tax_percent for country in COUNTRIES])[purchases.country]
        taxes = (2 * (paid_for_goods + shipping) * tax_percent + 100 + tax_percent) // (2 * (100 + tax_percent))

        is_test = customer == TEST_CUSTOMER
        is_voided = (rng.random(count) < VOIDED_RATE) & ~is_test
        pays_by_transfer = rng.random(count) < TRANSFER_SHARE
        # The very first order is returned at once, so that the refunds' file speaks for the first week, too.
        is_opening = number == FIRST_ORDER_NUMBER
        is_voided, pays_by_transfer = is_voided & ~is_opening, pays_by_transfer & ~is_opening
        paid_day = np.where(pays_by_transfer, plan.index + rng.integers(1, 5, count), plan.index)
        # An order is cancelled when its transfer does not come.
        is_cancelled = pays_by_transfer & (rng.random(count) < UNPAID_SHARE) & ~is_voided & ~is_test
        paid_day[is_cancelled] = NEVER
        cancelled_day = np.where(is_cancelled, plan.index + rng.integers(3, 11, count), NEVER)
        is_refunded = ((rng.random(count) < REFUND_RATE) | is_opening) & ~is_cancelled & ~is_voided & ~is_test
        refund_after = np.where(is_opening, 1, rng.integers(5, 25, count))
        refund_day = np.where(is_refunded, plan.index + refund_after, NEVER)
        share = np.where(rng.random(count) < FULL_REFUND_SHARE, 100, rng.integers(25, 75, count))
        self.customers.plan_returns(rng, customer[~is_test], plan.index)
        return OrderDay(
            day=plan.index,
            number=number,
            at=purchases.at,
            customer=customer,
            is_first_try=is_new,
            country=purchases.country,
            channel=np.where(purchases.kind == PURCHASE, purchases.channel, UNASSIGNED),
            by_telephone=purchases.session == NO_SESSION,
            goods=goods,
            discount=discount,
            discount_code=code,
            shipping=shipping,
            taxes=taxes,
            tip=np.where(rng.random(count) < TIP_SHARE, rng.choice(TIP_CENTS, count), 0),
            product_cost=_sums(line_order, line_quantity * line_cost, count),
            is_voided=is_voided,
            pays_by_transfer=pays_by_transfer,
            paid_day=paid_day,
            cancelled_day=cancelled_day,
            refund=np.where(is_refunded, (paid_for_goods * share + 50) // 100, 0),
            refund_day=refund_day,
            line_order=line_order,
            line_product=line_product,
            line_quantity=line_quantity,
            line_price=line_price,
        )


def _draw_lines(rng: np.random.Generator, country: IntArray) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray]:
    goods: tuple[Product, ...] = products()
    popularity = np.array([product.popularity for product in goods])
    prices = np.array([[product.price_cents[country.currency] for product in goods] for country in COUNTRIES])
    costs = np.array([product.cost_cents for product in goods])
    lines = rng.choice(len(LINE_COUNT_SHARES), len(country), p=LINE_COUNT_SHARES) + 1
    line_order = np.repeat(np.arange(len(country)), lines)
    product = rng.choice(len(goods), len(line_order), p=popularity / popularity.sum())
    quantity = rng.choice(len(QUANTITY_SHARES), len(line_order), p=QUANTITY_SHARES) + 1
    return line_order, product, quantity, prices[country[line_order], product], costs[product]


def _draw_codes(rng: np.random.Generator, is_new: BoolArray, channel: IntArray) -> IntArray:
    chance = rng.random(len(is_new))
    return np.where(is_new & (chance < 0.30), 1, np.where(~is_new & (channel == EMAIL) & (chance < 0.45), 2, 0))


def _sums(position: IntArray, numbers: IntArray, size: int) -> IntArray:
    sums = np.zeros(size, dtype=np.int64)
    np.add.at(sums, position, numbers)
    return sums

import numpy as np

from kpi_pipeline.demo.customers import MINIMUM_DAYS_TO_RETURN, NEVER, Customers


def test_customers_keep_their_facts_while_the_book_grows():
    customers = Customers()
    first = customers.enrol(np.array([2, 1]))
    customers.first_valid_day[first] = [5, 6]
    later = customers.enrol(np.zeros(5_000, dtype=np.int64))
    assert first.tolist() == [0, 1]
    assert (later[0], later[-1], customers.count) == (2, 5_001, 5_002)
    assert customers.country[:3].tolist() == [2, 1, 0]
    assert customers.first_valid_day[:3].tolist() == [5, 6, NEVER]


def test_a_customer_returns_once_and_not_at_once():
    rng = np.random.Generator(np.random.PCG64(1))
    customers = Customers()
    everybody = customers.enrol(np.zeros(1_000, dtype=np.int64))
    customers.plan_returns(rng, everybody, day=10)
    visits = {day: customers.returning_on(day) for day in range(10, 400)}
    planned = np.concatenate(list(visits.values()))
    assert 250 < len(planned) < 420
    assert len(np.unique(planned)) == len(planned)
    assert min(day for day, who in visits.items() if len(who)) >= 10 + MINIMUM_DAYS_TO_RETURN
    assert customers.diary == {}


def test_whoever_was_turned_away_tries_again_within_ten_days():
    customers = Customers()
    who = customers.enrol(np.zeros(50, dtype=np.int64))
    customers.try_again(np.random.Generator(np.random.PCG64(1)), who, day=3)
    assert sorted(np.concatenate([customers.returning_on(day) for day in range(8, 14)])) == who.tolist()

"""Which machines a webhook may reach: every spelling of a forbidden address is refused."""

import pytest

from kpi_pipeline.delivery.host_guard import allowed_address, resolve

PUBLIC = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "8.8.8.8"]
PRIVATE = [
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.255.1"),
    *("127.0.0.1", "127.1.2.3", "::1", "fd12:3456::1", "fc00::1", "100.64.0.1", "100.127.255.254"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:192.168.1.1", "64:ff9b::7f00:1", "64:ff9b::a00:1"),
    *("2002:7f00:1::", "2002:a00:1::", "2002:c0a8:101::", "::127.0.0.1", "::10.0.0.1"),
]
NEVER = [
    *("169.254.169.254", "169.254.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::"),
    *("fd00:ec2::254", "100.100.100.200", "::ffff:100.100.100.200", "192.0.0.192", "fe80::1", "fe80::a9fe:a9fe"),
    *("0.0.0.0", "::", "224.0.0.1", "239.255.255.250", "ff02::1", "255.255.255.255", "240.0.0.1", "::ffff:0.0.0.0"),
    *("::169.254.169.254", "2001:0:4136:e378:8000:63bf:5601:5601", "nonsense", "", "127.0.0.1%eth0"),
]


def reached(*addresses: str, is_private: bool = False) -> str | None:
    return allowed_address("hook.test", 443, is_private=is_private, look_up=lambda host, port: list(addresses))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address: str) -> None:
    assert reached(address) == address


@pytest.mark.parametrize("address", PRIVATE)
def test_the_own_network_is_reached_only_where_that_is_meant(address: str) -> None:
    assert reached(address) is None
    assert reached(address, is_private=True) == address


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_reached(address: str) -> None:
    assert reached(address) is None
    assert reached(address, is_private=True) is None


def test_one_bad_address_among_good_ones_refuses_the_host() -> None:
    assert reached(PUBLIC[0], "127.0.0.1") is None
    assert reached() is None


@pytest.mark.parametrize("spelling", ["127.1", "2130706433", "0x7f000001", "017700000001", "0"])
def test_other_spellings_of_this_machine_are_seen_through(spelling: str) -> None:
    try:
        found = resolve(spelling, 443)
    except OSError:
        return  # this machine's resolver does not know the spelling
    assert allowed_address(spelling, 443, is_private=False, look_up=lambda host, port: found) is None

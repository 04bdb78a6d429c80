"""Which machines a webhook may reach: the address is looked up once, checked, and then connected to as it was checked.

Here: the check. A name that leads to a machine of the own network, or to the address where clouds hand out their
secrets, is refused, however the address is spelt.
"""

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Resolve = Callable[[str, int], list[str]]

# Where clouds answer questions about themselves. Never allowed, also not for private hosts.
_METADATA = tuple(
    map(ip_network, ("169.254.0.0/16", "100.100.100.200/32", "192.0.0.192/32", "fe80::/10", "fd00:ec2::254/128"))
)
_NAT64 = IPv6Network("64:ff9b::/96")
_CARRIER_NAT = IPv4Network("100.64.0.0/10")


def resolve(host: str, port: int) -> list[str]:
    """Ask the machine's resolver for all addresses of a host."""
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def allowed_address(host: str, port: int, *, is_private: bool, look_up: Resolve) -> str | None:
    """Return an address to connect to, or None if the host has none, or any that is not allowed.

    Args:
        host: a name or an address.
        port: where to connect to.
        is_private: whether the host may be this machine or one of the own network.
        look_up: asks for the addresses of a host.
    """
    found = look_up(host, port)
    return found[0] if found and all(_is_allowed(one, is_private=is_private) for one in found) else None


def _is_allowed(text: str, *, is_private: bool) -> bool:
    try:
        address = _behind(ip_address(text))
    except ValueError:
        return False
    if any(address in network for network in _METADATA if network.version == address.version):
        return False
    if address.is_multicast or address.is_unspecified or (address.version == 4 and address.is_reserved):
        return False
    if is_private and (address.is_private or address.is_loopback or address in _CARRIER_NAT):
        return True
    return address.is_global and not address.is_reserved


def _behind(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, IPv4Address):
        return address
    teredo = address.teredo
    inner = address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
    if inner is None and (address in _NAT64 or 1 < int(address) < 2**32):
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address

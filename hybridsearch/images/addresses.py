"""From which network addresses a picture may be fetched."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

# `is_global` accepts each of these on some Python version.
NOT_PUBLIC = tuple(
    map(
        ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
CLOUD = IPv4Address("168.63.129.16")
"""A public address, behind which the machines of one cloud reach their host's own services."""
INTERNAL = tuple(
    map(
        ip_network,
        ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"),
    )
)
UNICAST = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Return whether the address belongs to one machine on the public internet."""
    address = unwrap(address)
    if isinstance(address, IPv6Address) and address not in UNICAST:
        return False
    special = address.is_multicast or address.is_reserved or any(address in network for network in NOT_PUBLIC)
    return address.is_global and not special and address != CLOUD


def is_internal(address: Address) -> bool:
    """Return whether the address belongs to a company's own machines, this one included.

    Link-local addresses do not count: there clouds hand out credentials.
    """
    return any(unwrap(address) in network for network in INTERNAL)


def unwrap(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address embeds; any other address unchanged."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    if isinstance(address, IPv6Address) and address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def resolve(host: str, port: int) -> list[Address]:
    """Return all addresses of a host, in the system's order of preference.

    Raises:
        OSError: The name has no address.
        UnicodeError: It is not a host name.
    """
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(entry[4][0]) for entry in entries))

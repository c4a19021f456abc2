"""Which addresses an endpoint may lead to: public ones, and those of the company's network that it named (R47)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_NAT64: Final = IPv6Network("64:ff9b::/96")
_UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that is given out for the public."""
_METADATA: Final = frozenset({ip_address("fd00:ec2::254")})
"""Of clouds, beside those that are link-local: who may ask there gets keys of the machine."""


@dataclass(frozen=True)
class Reach:
    """What may be connected to beside public addresses: `private` ones and this machine, or these `networks`.

    Link-local addresses (where clouds have their metadata) have to be among the networks.
    """

    private: bool = False
    networks: tuple[Network, ...] = ()

    def __bool__(self) -> bool:
        return self.private or bool(self.networks)

    def __str__(self) -> str:
        return "private" if self.private else ", ".join(map(str, self.networks))

    def fault(self, written: str, *, plain: bool) -> str | None:
        """Why nothing may be sent to that address, `plain`: without TLS; None where it may."""
        address = _within(ip_address(written.partition("%")[0]))
        if any(address in network for network in self.networks):
            return None
        if _is_public(address):
            return f"leads to {address}, to which nothing goes without TLS" if plain else None
        is_inside = address.is_private and not address.is_link_local and not address.is_multicast
        if self.private and is_inside and address not in _METADATA:
            return None
        return f"leads to {address}, which is not public and not named in allow_private"


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        return address.is_global and address in _UNICAST
    return address.is_global and not address.is_multicast


def _within(address: Address) -> Address:
    """The IPv4 address that one of IPv6 stands for, else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address


def _reach(value: object) -> Reach:
    if isinstance(value, Reach):
        return value
    if isinstance(value, bool):
        return Reach(private=value)
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        try:
            return Reach(networks=tuple(ip_network(one) for one in value))
        except ValueError:
            pass
    raise ValueError('is neither true nor networks; allowed: such as true, or ["10.0.0.0/8", "127.0.0.1"]')


def _written(reach: Reach) -> bool | list[str]:
    return reach.private or [str(one) for one in reach.networks]


AllowedReach = Annotated[Reach, BeforeValidator(_reach), PlainSerializer(_written)]
"""Written `true`, or as a list of networks."""

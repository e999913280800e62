"""Which ``Host`` headers are answered.

A page of another site can name a host of its own and let that name resolve to this machine (DNS rebinding); the
browser then takes our pages for that site's. It cannot make the ``Host`` header say ours.
"""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

__all__ = ["LOOPBACK", "Hosts", "is_loopback"]

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Hosts:
    """Host names and addresses that are ours.

    Attributes:
        names: compared without case or port. A wildcard address (``0.0.0.0``, ``::``) stands for every address, since
            no name that resolves to us is one.
    """

    names: frozenset[str]

    @classmethod
    def of(cls, names: Collection[str]) -> "Hosts":
        """From names as people write them."""
        return cls(frozenset(name.lower().strip("[]") for name in names))

    def answer(self, header: str) -> bool:
        """Whether a request with this ``Host`` header is for us."""
        name = _without_port(header.lower())
        address = _address(name)
        if address is None:
            return name in self.names
        return name in self.names or any(map(_is_wildcard, self.names))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches *host*."""
    address = _address(host.strip("[]"))
    return host == "localhost" if address is None else address.is_loopback


def _without_port(header: str) -> str:
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]


def _is_wildcard(name: str) -> bool:
    address = _address(name)
    return address is not None and address.is_unspecified


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None

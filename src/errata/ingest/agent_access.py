"""Who may use an agent's addresses without a key: tracers send none, and trust the network between them and it."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Any

LOOPBACK, OPEN, KEY = "loopback", "open", "key"


def may_without_key(mode: str, scope: Any) -> bool:
    """Whether a request, by its ASGI scope, is answered though it carries no key.

    `loopback`: from a program of this machine, told by the socket's own peer, and not passed on by a proxy, which
    could speak for anybody. `open`: from anywhere. `key`: never. A page in a browser never may, wherever the browser
    runs: any page could otherwise write into the store of whoever looks at it.
    """
    if mode == KEY:
        return False
    names = {name for name, _ in scope["headers"]}
    if b"origin" in names or any(name.startswith(b"sec-fetch-") for name in names):
        return False
    if mode == OPEN:
        return True
    is_passed_on = b"forwarded" in names or any(name.startswith(b"x-forwarded-") for name in names)
    return not is_passed_on and _is_of_this_machine(scope.get("client"))


def _is_of_this_machine(client: tuple[str, int] | None) -> bool:
    try:
        address = ip_address(client[0]) if client else None
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address is not None and address.is_loopback

"""Where a request comes from."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

# Whoever has one address of version 6 has this whole network of them.
ONE_SUBSCRIBER = 64


def client_address(request: HttpRequest) -> str:
    """The address that the outermost of our own proxies saw; what a client claims of itself is not believed.

    Each proxy appends whom it was called by to X-Forwarded-For, so with one proxy the last entry counts, with
    two the last but one; what stands before it came with the request. Empty when nobody can say.
    """
    seen: str = request.META.get("REMOTE_ADDR") or ""
    if settings.TRUSTED_PROXIES:
        named = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if len(named) >= settings.TRUSTED_PROXIES:
            return _canonical(named[-settings.TRUSTED_PROXIES]) or _canonical(seen)
    return _canonical(seen)


def counted_address(request: HttpRequest) -> str:
    """The address under which attempts are counted: of version 6, the subscriber's whole network."""
    address = client_address(request)
    if ":" in address:
        return str(ip_network(f"{address}/{ONE_SUBSCRIBER}", strict=False).network_address)
    return address


def _canonical(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        address = IPv6Address(int(address))  # without the zone of the interface that it came in by
        return str(address.ipv4_mapped or address)
    return str(address)

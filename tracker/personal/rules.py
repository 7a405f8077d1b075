"""Who a removed person is to a mail server, and where those stand who decide about a removal.

Plain Python.
"""


def undeliverable_address(number: int) -> str:
    """An address that is unique and that no mail ever reaches (RFC 2606)."""
    return f"removed-{number}@removed.invalid"


def divisions_above(path: str) -> list[int]:
    """The ids of a place and of everything above it, from its path "/1/14/96/"."""
    return [int(division_id) for division_id in path.split("/") if division_id]

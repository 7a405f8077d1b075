"""How values stand in the trail: as JSON that reads back as it was written, and without what is private."""

import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

# Stands for a value of which the trail says only that it is there.
NOT_SHOWN = "***"


def plain(value: Any) -> Any:
    """A value as JSON that is the same on SQLite and PostgreSQL: figures as text, moments in UTC."""
    match value:
        case None | bool() | int():
            return value
        case str():
            # PostgreSQL keeps no NUL; a hostile one must not stop what it came with from being written down.
            return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case dict():
            return {plain(str(name)): plain(item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
        case bytes() | bytearray() | memoryview():
            return fingerprint(value)
        case _:
            return plain(str(value))


def canonical(content: Any) -> bytes:
    """Content as the one text that its digest is of."""
    return json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()


def digest_of(content: Any) -> str:
    """SHA-256 of content that is plain already."""
    return hashlib.sha256(canonical(content)).hexdigest()


# --- what the trail says of a value that it must not keep ---


def masked_phone(value: Any) -> str:
    """138****8000: enough to tell two numbers apart, not to ring anybody up."""
    number = str(value or "")
    if not number:
        return ""
    return f"{number[:3]}****{number[-4:]}" if len(number) > 7 else "****"


def masked_address(value: Any) -> str:
    """l***@county.test: the mail server tells where somebody is from, the rest is theirs."""
    name, at, server = str(value or "").rpartition("@")
    if not at:
        return NOT_SHOWN if value else ""
    return f"{name[:1]}***@{server}"


def masked_name(value: Any) -> str:
    """王**: the family name alone."""
    return f"{str(value)[:1]}**" if value else ""


def not_shown(value: Any) -> str:
    """Only whether there is something."""
    return NOT_SHOWN if value else ""


def fingerprint(value: Any) -> str:
    """A file or a large table of figures by its SHA-256, which tells whether it is the same one."""
    if value is None:
        return ""
    content = bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else canonical(plain(value))
    return f"sha256:{hashlib.sha256(content).hexdigest()}" if content else ""

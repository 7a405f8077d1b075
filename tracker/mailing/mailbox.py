"""The local mailbox: in development every mail becomes a file, which a page of the product shows."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as Mail
from email.parser import BytesHeaderParser
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

# Nobody looks further back in a mailbox that is there to try things out.
SHOWN = 200
# What a file's name may have on most systems.
LONGEST_NAME = 255


class MailboxBackend(BaseEmailBackend):
    """Keeps each mail as a file instead of sending it."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write each mail into the mailbox; a reader never sees half of one."""
        directory = Path(settings.MAILBOX_DIR)
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for email in email_messages:
            mail = email.message()
            name = _name(timezone.now(), str(mail["Message-ID"]))
            with tempfile.NamedTemporaryFile(dir=directory, prefix=".", delete=False) as half_written:
                half_written.write(mail.as_bytes())
            os.replace(half_written.name, directory / f"{name}.eml")
        return len(email_messages)


def _name(at: datetime, message_id: str) -> str:
    """A file name that sorts by time and can stand in an address."""
    digest = hashlib.sha256(message_id.encode()).hexdigest()[:12]
    return f"{at.astimezone():%Y%m%d-%H%M%S-%f}-{digest}"


@dataclass(frozen=True)
class Entry:
    """One line of the mailbox."""

    name: str
    subject: str
    to: str
    at: datetime


def newest() -> list[Entry]:
    """What came last, newest first."""
    files = sorted(Path(settings.MAILBOX_DIR).glob("*.eml"), reverse=True)[:SHOWN]
    return [_entry(path) for path in files]


def _entry(path: Path) -> Entry:
    with path.open("rb") as file:
        heads = BytesHeaderParser(policy=policy.default).parse(file)
    came_at = datetime.fromtimestamp(path.stat().st_mtime, tz=timezone.get_current_timezone())
    return Entry(path.stem, str(heads["Subject"]), str(heads["To"]), came_at)


def read(name: str) -> Mail | None:
    """One mail of the mailbox, or None when there is none of that name."""
    path = Path(settings.MAILBOX_DIR) / f"{name}.eml"
    if len(path.name.encode()) > LONGEST_NAME:
        return None
    if path.parent != Path(settings.MAILBOX_DIR) or not path.is_file():
        return None
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(mail, Mail)
    return mail


def written_at(mail: Mail) -> datetime | None:
    """When it was written; the head gives it in UTC, by "-0000" without saying so."""
    at = mail["Date"].datetime if mail["Date"] else None
    return at.replace(tzinfo=at.tzinfo or UTC) if at else None


def page_of(mail: Mail) -> str:
    """The HTML part, or nothing."""
    part = mail.get_body(("html",))
    return str(part.get_content()) if part else ""


def text_of(mail: Mail) -> str:
    """The text part, or nothing."""
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part else ""

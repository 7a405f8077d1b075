"""A mail server that takes what it is sent, or refuses it in the way a test asks for."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Delivery:
    """One message as it came: from whom, to whom, and what it says."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def message_id(self) -> str:
        """The name of the message, the same however often it is sent."""
        return str(self.message["Message-ID"])

    @property
    def subject(self) -> str:
        """The subject line, decoded."""
        return str(self.message["Subject"])

    def text(self, kind: str = "plain") -> str:
        """The body as text; `kind` is "plain" or "html"."""
        body = self.message.get_body((kind,))
        return str(body.get_content()) if body is not None else ""

    @property
    def attachments(self) -> dict[str, bytes]:
        """What is attached, by file name."""
        return {
            str(part.get_filename()): part.get_payload(decode=True)  # type: ignore[misc]  # bytes, as it is decoded
            for part in self.message.iter_attachments()
        }


class SmtpCatcher:
    """Keeps what it accepts in `deliveries`; `answer`, `cuts_line` and `stalls` say how it misbehaves."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.attempts = 0
        # The reply to the end of the message, such as "451 Try again later" or "550 No such user".
        self.answer = "250 Taken"
        # Take the message, then hang up without saying so.
        self.cuts_line = False
        # Seconds to wait before answering.
        self.stalls = 0.0
        self._controller: Controller | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """The address for EMAIL_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    def forget(self) -> None:
        """As new: no messages, no misbehaviour."""
        self.deliveries.clear()
        self.attempts = 0
        self.answer = "250 Taken"
        self.cuts_line = False
        self.stalls = 0.0

    def to(self, address: str) -> list[Delivery]:
        """What was delivered to one address."""
        return [delivery for delivery in self.deliveries if address in delivery.recipients]

    def start(self) -> None:
        """Listen; on the same port as before, if it was stopped."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port or _free_port())
        self._controller.start()
        self.port = self._controller.port

    def stop(self) -> None:
        """Be unreachable."""
        if self._controller is not None:
            self._controller.stop(no_assert=True)
            self._controller = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """What aiosmtpd calls at the end of each message."""
        self.attempts += 1
        if self.stalls:
            await asyncio.sleep(self.stalls)
        if self.answer.startswith("2"):
            content = envelope.content or b""
            raw = content.encode() if isinstance(content, str) else bytes(content)
            message = message_from_bytes(raw, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.deliveries.append(
                Delivery(envelope.mail_from or "", tuple(str(to) for to in envelope.rcpt_tos), message)
            )
        if self.cuts_line and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return self.answer


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def catching() -> Iterator[SmtpCatcher]:
    """A mail server for the length of a test."""
    catcher = SmtpCatcher()
    catcher.start()
    try:
        yield catcher
    finally:
        catcher.stop()

"""Mails are written into the outbox first, and handed to the mail server from there."""

import logging
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.header import Header
from email.utils import format_datetime
from typing import Any, NamedTuple, Protocol, Self

import css_inline
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.template import Context
from django.template.loader import get_template, render_to_string
from django.utils import timezone, translation

from tracker.mailing.models import CLAIM_LAPSES_AFTER, Attachment, Message, MessageQuerySet
from tracker.mailing.rules import MOST_ATTEMPTS, Trouble, next_attempt, refusal

logger = logging.getLogger(__name__)

# Mail servers end a line after so many messages; it is cheap to begin another.
MESSAGES_PER_LINE = 100
# A delivery ends by itself well before its task would be ended; the next ring goes on.
LONGEST_DELIVERY = timedelta(minutes=8)
# Seconds for which a lost database is waited for after a mail was taken; less than the time of a claim.
TRIES_TO_MARK = 60
LONGEST_SUBJECT, LONGEST_ERROR = 200, 300

# Mail programs drop style sheets, so every rule is written into the elements that it is about.
INLINER = css_inline.CSSInliner(load_remote_stylesheets=False)


class TriedTooOften(Exception):
    """A message was taken up so often that its attempts must have ended their workers."""


class Reader(Protocol):
    """Somebody who can be written to."""

    pk: Any
    email: str
    language: str
    is_active: bool


class File(NamedTuple):
    """What goes with a mail; in the order in which Django attaches it."""

    filename: str
    content: bytes
    content_type: str


def compose(
    key: str,
    kind: str,
    recipient: Reader,
    template: str,
    context: dict[str, Any],
    *,
    not_before: datetime,
    language: str = "",
    attachments: Iterable[File] = (),
) -> Message | None:
    """Put a mail into the outbox, in the reader's language; one that is there already stays as it is.

    None when the person cannot be written to.
    """
    if not recipient.is_active or not recipient.email:
        return None
    if existing := Message.objects.filter(key=key).first():
        return existing
    language = language or recipient.language
    written = render(template, {**context, "recipient": recipient}, language)
    with transaction.atomic():
        message, is_new = Message.objects.get_or_create(
            key=key,
            defaults={
                "kind": kind,
                "recipient_id": recipient.pk,
                "address": recipient.email,
                "language": language,
                "subject": written.subject,
                "text": written.text,
                "html": written.html,
                "not_before": not_before,
            },
        )
        if is_new:
            Attachment.objects.bulk_create(
                Attachment(message=message, filename=name, content_type=content_type, content=content)
                for name, content, content_type in attachments
            )
    return message


@dataclass(frozen=True)
class Written:
    """A mail in words."""

    subject: str
    text: str
    html: str


def render(template: str, context: dict[str, Any], language: str) -> Written:
    """The parts of `templates/emails/<template>/` in a language, with styles written into the elements."""
    context = {"site_url": settings.SITE_URL, "deployment_name": settings.DEPLOYMENT_NAME, **context}
    with translation.override(language):
        subject = " ".join(_plain(f"emails/{template}/subject.txt", context).split())
        text = re.sub(
            r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", _plain(f"emails/{template}/body.txt", context))
        )
        html = INLINER.inline(render_to_string(f"emails/{template}/body.html", context))
    return Written(subject[:LONGEST_SUBJECT], text.strip() + "\n", html)


def _plain(name: str, context: dict[str, Any]) -> str:
    """A template whose result is not HTML: nothing is escaped in it."""
    template: Any = get_template(name)
    return str(template.template.render(Context(context, autoescape=False)))


def deliver(message_id: int, now: datetime) -> bool:
    """Hand one message to the mail server, if it is due and nobody else does; whether it was taken."""
    return deliver_these([message_id], now) == 1


def deliver_these(message_ids: Iterable[int], now: datetime) -> int:
    """Hand over those of these messages that are due and in nobody's hands; how many were taken."""
    due = Message.objects.deliverable(now).filter(pk__in=list(message_ids))
    with Line(now) as line:
        return line.deliver_all(list(due.order_by("pk").values_list("pk", flat=True)))


def deliver_waiting(now: datetime) -> int:
    """Hand over everything that is due and in nobody's hands; how many messages were taken."""
    taken, last = 0, 0
    with Line(now) as line:
        while not line.is_spent:
            waiting = Message.objects.deliverable(line.clock()).filter(pk__gt=last).order_by("pk")
            ids = list(waiting.values_list("pk", flat=True)[:MESSAGES_PER_LINE])
            if not ids:
                break
            taken, last = taken + line.deliver_all(ids), ids[-1]
            line.hang_up()
    return taken


class Line:
    """A connection to the mail server, opened when first needed and kept for the next message."""

    def __init__(self, now: datetime) -> None:
        self.begun, self.started = now, time.monotonic()
        self.server: BaseEmailBackend | None = None
        self.trouble = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()

    def clock(self) -> datetime:
        """Now. A slow server can keep a delivery busy for minutes, and a claim must not be born old."""
        return self.begun + timedelta(seconds=time.monotonic() - self.started)

    @property
    def is_spent(self) -> bool:
        """Whether to leave the rest to the next ring: the server is away, or this has taken long enough."""
        return bool(self.trouble) or self.clock() - self.begun > LONGEST_DELIVERY

    def deliver_all(self, message_ids: list[int]) -> int:
        """Hand over one after the other; how many were taken."""
        taken = 0
        for message_id in message_ids:
            if self.is_spent or not self._reach():
                break
            taken += self._deliver(message_id)
        if self.trouble:
            # That is nobody's attempt: they all stay due, and the next ring tries again.
            Message.objects.unsent().filter(pk__in=message_ids).update(last_error=self.trouble)
        return taken

    def hang_up(self) -> None:
        """End the connection; the next message opens another."""
        if self.server is not None:
            try:
                self.server.close()
            except OSError as error:
                logger.info("the mail server hung up first: %s", error)
            self.server = None

    def _reach(self) -> bool:
        if self.server is None:
            server = get_connection()
            try:
                server.open()
            except OSError as error:  # all errors of smtplib are of this kind
                self._give_up(refusal(error).words)
                return False
            self.server = server
        return True

    def _give_up(self, words: str) -> None:
        self.trouble = words[:LONGEST_ERROR]
        logger.warning("the mail server cannot be used: %s", words)

    def _deliver(self, message_id: int) -> bool:
        """Claim the message, hand it over, and mark it; no trouble with one message reaches the others."""
        # The connection stands already, so that a claim is held for one handing-over only.
        claimed_at = self.clock()
        if not Message.objects.claim(message_id, at=claimed_at):
            return False
        try:
            message = Message.objects.get(pk=message_id)
            if message.attempts > MOST_ATTEMPTS:
                raise TriedTooOften(message.last_error or "each attempt ended the worker")
            mail = as_mail(message, claimed_at)
            mail.connection = self.server
            mail.send()
        except Exception as error:  # whatever it is, the others still go out
            self.hang_up()
            self._put_off(message_id, claimed_at, error)
            return False
        self._mark_sent(message_id)
        return True

    def _mark_sent(self, message_id: int) -> None:
        """Write down that it was taken; a database away for a moment must not make a second mail of it."""
        for _ in range(TRIES_TO_MARK):
            try:
                # Whoever holds the claim by now: it was taken, and is not to be sent again.
                Message.objects.filter(pk=message_id, sent_at=None).update(
                    sent_at=self.clock(), last_error=""
                )
            except (OperationalError, InterfaceError) as error:
                logger.warning("message %s is sent but not marked yet: %s", message_id, error)
                connection.close()
                time.sleep(1)
            else:
                return
        logger.error("message %s is sent but could not be marked", message_id)

    def _put_off(self, message_id: int, claimed_at: datetime, error: Exception) -> None:
        """Let go of a message that was not taken, until its next turn or for a person to look at."""
        refused, now = refusal(error), self.clock()
        held = Message.objects.filter(pk=message_id, claimed_at=claimed_at, sent_at=None)
        words = refused.words[:LONGEST_ERROR]
        logger.warning("message %s not taken: %s", message_id, words)
        attempts = held.values_list("attempts", flat=True).first()
        if attempts is None:
            return
        if refused.trouble is Trouble.LINE:
            held.update(claimed_at=None, attempts=attempts - 1, last_error=words)
            self._give_up(words)
            return
        again_at = None if refused.trouble is Trouble.NEVER else next_attempt(attempts, now)
        if again_at is None:
            held.update(claimed_at=None, parked_at=now, last_error=words)
        else:
            held.update(claimed_at=None, not_before=again_at, last_error=words)


class Mail(EmailMultiAlternatives):
    """A mail whose subject begins on the line that says "Subject:", however long the Chinese in it is."""

    def message(self, **options: Any) -> Any:
        """The mail as the mail server gets it."""
        made = super().message(**options)
        if not self.subject.isascii():
            made.replace_header("Subject", Header(str(self.subject), "utf-8", header_name="Subject"))
        return made


def as_mail(message: Message, at: datetime) -> Mail:
    """The message as it is handed to the mail server: text first, then the page, then what is attached."""
    mail = Mail(
        subject=message.subject,
        body=message.text,
        to=[message.address],
        headers={
            "Message-ID": message.message_id,
            "Date": format_datetime(timezone.localtime(at)),
            # Nobody's holiday note is to answer it (RFC 3834).
            "Auto-Submitted": "auto-generated",
        },
    )
    mail.attach_alternative(message.html, "text/html")
    for enclosed in message.attachments.all():
        mail.attach(*File(enclosed.filename, bytes(enclosed.content), enclosed.content_type))
    return mail


def withdraw(message: Message, at: datetime) -> bool:
    """Take a message out of the outbox unless it is sent or being sent; whether it could be taken out."""
    return in_nobodys_hands(at).filter(pk=message.pk).update(withdrawn_at=at) == 1


def in_nobodys_hands(at: datetime) -> MessageQuerySet:
    """Unsent messages that no worker is handing over at this moment, whether due or not."""
    free = Q(claimed_at=None) | Q(claimed_at__lt=at - CLAIM_LAPSES_AFTER)
    return Message.objects.unsent().filter(free)

"""A mail is written once, in the reader's language, and handed over once, whatever the mail server does."""

import re
import smtplib
from datetime import timedelta
from email import policy
from email.headerregistry import Address
from email.parser import BytesParser
from email.utils import parsedate_to_datetime

import pytest
from django.core import mail

from tests.factories import make_official
from tests.mailing.conftest import NOW, make_message
from tests.services.smtp import SmtpCatcher
from tracker.mailing.actions import (
    MESSAGES_PER_LINE,
    File,
    as_mail,
    compose,
    deliver,
    deliver_these,
    deliver_waiting,
    withdraw,
)
from tracker.mailing.models import CLAIM_LAPSES_AFTER, Attachment, Message
from tracker.mailing.rules import MOST_ATTEMPTS, WAITS

pytestmark = pytest.mark.django_db

EMPTY_DIGEST = {"digest": {"left": 0}}


def test_a_mail_is_written_once_however_often_it_is_asked_for():
    person = make_official()
    first = compose("one/1", "test", person, "reminder", EMPTY_DIGEST, not_before=NOW)
    again = compose("one/1", "other", person, "reminder", {"digest": {"left": 7}}, not_before=NOW)
    assert first == again
    assert Message.objects.get().subject == first.subject


def test_a_mail_is_in_the_language_of_its_reader_whatever_the_one_who_asks_speaks():
    english = compose("a", "test", make_official(language="en"), "reminder", EMPTY_DIGEST, not_before=NOW)
    chinese = compose(
        "b", "test", make_official(language="zh-hans"), "reminder", EMPTY_DIGEST, not_before=NOW
    )
    assert 'lang="en"' in english.html
    assert 'lang="zh-Hans"' in chinese.html


def test_styles_stand_in_the_elements_since_mail_programs_drop_style_sheets():
    message = compose("a", "test", make_official(), "reminder", EMPTY_DIGEST, not_before=NOW)
    assert "<style" not in message.html
    assert re.search(r'<td[^>]*class="mail-main"[^>]*style="[^"]*padding', message.html)


def test_a_subject_is_one_line_and_nothing_is_escaped_in_text():
    person = make_official(name="O'Neil <b> & Co\nBcc: all@county.test")
    message = compose("a", "test", person, "reminder", EMPTY_DIGEST, not_before=NOW)
    assert "\n" not in message.subject
    assert "O'Neil <b> & Co" in message.text
    assert "&lt;b&gt; &amp; Co" in message.html
    assert "<b>" not in message.html


def test_nothing_is_written_to_somebody_who_left():
    gone = make_official(is_active=False)
    assert compose("a", "test", gone, "reminder", EMPTY_DIGEST, not_before=NOW) is None
    assert not Message.objects.exists()


def test_a_mail_as_it_arrives(mail_server: SmtpCatcher):
    person = make_official(email="li@county.test", name="李", language="en")
    table = File("项目.xlsx", b"PK\x03\x04...", "application/vnd.ms-excel")
    message = compose(
        "test/2026-11-04", "test", person, "reminder", EMPTY_DIGEST, not_before=NOW, attachments=[table]
    )
    assert deliver(message.pk, NOW)
    (delivery,) = mail_server.deliveries
    arrived = delivery.message
    assert delivery.recipients == ("li@county.test",)
    assert arrived.get_all("To") == ["li@county.test"]
    assert "Cc" not in arrived
    assert "Bcc" not in arrived
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(arrived["Date"]) - NOW < timedelta(minutes=1)
    assert re.fullmatch(r"<[0-9a-f]{40}@[a-z.]+>", arrived["Message-ID"])
    assert arrived["Message-ID"] == message.message_id
    assert isinstance(arrived["From"].addresses[0], Address)
    assert [part.get_content_type() for part in arrived.walk() if not part.is_multipart()] == [
        "text/plain",
        "text/html",
        "application/vnd.ms-excel",
    ]
    assert delivery.attachments == {"项目.xlsx": b"PK\x03\x04..."}
    assert delivery.text().replace("\r\n", "\n") == message.text
    assert not any(part.defects for part in arrived.walk())


def test_no_line_of_a_mail_is_longer_than_mail_servers_must_take():
    message = make_message(text="很长" * 2000, html="<p>" + "很长" * 2000 + "</p>", subject="长" * 200)
    raw = as_mail(message, NOW).message().as_bytes(linesep="\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    heads = BytesParser(policy=policy.default).parsebytes(raw)
    assert b"Subject: =?" in raw
    assert heads["Subject"] == "长" * 200


def test_a_mail_keeps_its_name_over_attempts_and_another_mail_has_another():
    first, second = make_message(key="reminder/1/2026-11-04"), make_message(key="reminder/1/2026-11-05")
    assert first.message_id == as_mail(first, NOW + timedelta(days=1)).message()["Message-ID"]
    assert first.message_id != second.message_id


def test_what_is_sent_is_not_sent_again(mail_server: SmtpCatcher):
    message = make_message()
    assert deliver_waiting(NOW) == 1
    assert not deliver(message.pk, NOW)
    assert deliver_these([message.pk], NOW) == 0
    assert deliver_waiting(NOW + timedelta(hours=3)) == 0
    assert mail_server.attempts == 1


def test_nothing_goes_out_before_its_time(mail_server: SmtpCatcher):
    make_message(not_before=NOW + timedelta(minutes=1))
    assert deliver_waiting(NOW) == 0
    assert deliver_waiting(NOW + timedelta(minutes=1)) == 1


def test_a_batch_goes_over_one_line(mail_server: SmtpCatcher, monkeypatch: pytest.MonkeyPatch):
    lines = []
    connect = smtplib.SMTP.connect
    monkeypatch.setattr(smtplib.SMTP, "connect", lambda *args: lines.append(1) or connect(*args))
    person = make_official()
    for _ in range(MESSAGES_PER_LINE + 3):
        make_message(person)
    assert deliver_waiting(NOW) == MESSAGES_PER_LINE + 3
    assert len(lines) == 2


def test_not_now_is_tried_again_later_each_time_until_somebody_must_look(mail_server: SmtpCatcher):
    mail_server.answer = "451 Try again later"
    message, now = make_message(), NOW
    for wait in WAITS:
        assert deliver_waiting(now) == 0
        message.refresh_from_db()
        assert timedelta(0) <= message.not_before - now - wait < timedelta(seconds=30)
        assert message.last_error == "451 Try again later"
        assert message.claimed_at is None
        assert deliver_waiting(message.not_before - timedelta(seconds=1)) == 0
        now = message.not_before
    deliver_waiting(now)
    message.refresh_from_db()
    assert message.parked_at is not None
    assert mail_server.attempts == MOST_ATTEMPTS == message.attempts
    deliver_waiting(now + timedelta(days=1))
    assert mail_server.attempts == MOST_ATTEMPTS


def test_never_is_put_aside_at_once_with_the_servers_words_and_the_others_go_out(mail_server: SmtpCatcher):
    mail_server.answer = "550 No such user"
    refused = make_message()
    deliver_waiting(NOW)
    mail_server.answer = "250 Taken"
    other = make_message()
    assert deliver_waiting(NOW + timedelta(days=1)) == 1
    refused.refresh_from_db()
    assert refused.parked_at is not None
    assert refused.last_error == "550 No such user"
    assert [delivery.message_id for delivery in mail_server.deliveries] == [other.message_id]


def test_a_mail_server_that_is_away_costs_no_attempt_however_long_it_is_away(mail_server: SmtpCatcher):
    message = make_message()
    mail_server.stop()
    for minutes in range(3 * MOST_ATTEMPTS):
        assert deliver_waiting(NOW + timedelta(minutes=minutes)) == 0
    message.refresh_from_db()
    assert message.attempts == 0
    assert "refused" in message.last_error
    mail_server.start()
    assert deliver_waiting(NOW + timedelta(minutes=3 * MOST_ATTEMPTS)) == 1
    message.refresh_from_db()
    assert message.last_error == ""


def test_a_line_cut_after_the_message_was_taken_leads_to_one_more_of_the_same_name(mail_server: SmtpCatcher):
    message = make_message()
    mail_server.cuts_line = True
    assert deliver_waiting(NOW) == 0
    mail_server.cuts_line = False
    assert deliver_waiting(NOW + timedelta(minutes=2)) == 1
    assert deliver_waiting(NOW + timedelta(hours=1)) == 0
    assert [delivery.message_id for delivery in mail_server.deliveries] == [message.message_id] * 2


def test_a_line_cut_for_one_message_does_not_stop_the_next(mail_server: SmtpCatcher):
    make_message(subject="bad\nheader: x")
    make_message()
    assert deliver_waiting(NOW) == 1


@pytest.mark.parametrize("kind", ["attachment", "address", "subject"])
def test_a_message_that_cannot_be_made_into_a_mail_stops_no_other(kind: str):
    odd = make_message(
        address="two@x.test\nBcc: all@x.test" if kind == "address" else "li@county.test",
        subject="a\nb" if kind == "subject" else "a",
    )
    if kind == "attachment":
        Attachment.objects.create(message=odd, filename="a\nb", content_type="no type", content=b"")
    fine = make_message()
    assert deliver_waiting(NOW) == 1
    assert [sent.extra_headers["Message-ID"] for sent in mail.outbox] == [fine.message_id]
    odd.refresh_from_db()
    assert odd.attempts == 1
    assert odd.last_error
    assert odd.not_before > NOW


def test_a_claim_of_a_dead_worker_lapses(mail_server: SmtpCatcher):
    message = make_message()
    assert Message.objects.claim(message.pk, at=NOW)
    assert deliver_waiting(NOW + CLAIM_LAPSES_AFTER - timedelta(seconds=30)) == 0
    assert deliver_waiting(NOW + CLAIM_LAPSES_AFTER + timedelta(seconds=1)) == 1
    message.refresh_from_db()
    assert message.attempts == 2


def test_a_message_whose_every_attempt_kills_the_worker_is_put_aside(mail_server: SmtpCatcher):
    message, now = make_message(), NOW
    for _ in range(MOST_ATTEMPTS):
        assert Message.objects.claim(message.pk, at=now)
        now += CLAIM_LAPSES_AFTER + timedelta(seconds=1)
    assert deliver_waiting(now) == 0
    message.refresh_from_db()
    assert message.parked_at is not None
    assert mail_server.attempts == 0


def test_who_lost_the_claim_still_says_that_the_mail_was_taken(
    mail_server: SmtpCatcher, monkeypatch: pytest.MonkeyPatch
):
    message = make_message()
    send = smtplib.SMTP.sendmail

    def slowly(*args: object, **words: object) -> object:
        # Meanwhile the claim has lapsed and another worker holds the message.
        Message.objects.filter(pk=message.pk).update(claimed_at=NOW + timedelta(minutes=3))
        return send(*args, **words)

    monkeypatch.setattr(smtplib.SMTP, "sendmail", slowly)
    assert deliver_waiting(NOW) == 1
    monkeypatch.undo()
    assert deliver_waiting(NOW + timedelta(minutes=10)) == 0
    assert len(mail_server.deliveries) == 1


def test_what_is_taken_back_is_not_sent_and_what_is_sent_cannot_be_taken_back(mail_server: SmtpCatcher):
    unsent = make_message()
    assert withdraw(unsent, NOW)
    assert deliver_waiting(NOW) == 0
    in_hands = make_message()
    assert Message.objects.claim(in_hands.pk, at=NOW)
    assert not withdraw(in_hands, NOW)
    sent = make_message()
    assert deliver_waiting(NOW) == 1
    assert not withdraw(sent, NOW + timedelta(days=1))

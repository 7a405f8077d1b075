"""In development mails end in a mailbox that a page shows; in production there is no such page."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from pytest_django import Settings

from tests.factories import make_official
from tests.mailing.conftest import NOW, make_message
from tracker.mailing.actions import deliver_waiting
from tracker.mailing.mailbox import Entry, newest, read, written_at
from tracker.mailing.models import Attachment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def local_mailbox(settings: Settings, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "tracker.mailing.mailbox.MailboxBackend"
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    settings.SHOWS_MAILBOX = True
    return settings.MAILBOX_DIR


def delivered(**facts: object) -> Entry:
    message = make_message(**facts)
    Attachment.objects.create(
        message=message, filename="项目表.xlsx", content_type="application/vnd.ms-excel", content=b"PK table"
    )
    assert deliver_waiting(NOW) == 1
    return newest()[0]


def test_mails_are_listed_newest_first():
    first, second = delivered(subject="第一"), delivered(subject="第二")
    assert [entry.subject for entry in newest()] == ["第二", "第一"]
    assert first.name < second.name


def test_each_handing_over_is_seen_even_of_the_same_mail(local_mailbox: Path):
    message = make_message()
    deliver_waiting(NOW)
    type(message).objects.update(sent_at=None, claimed_at=None)
    deliver_waiting(NOW + timedelta(minutes=5))
    assert len(newest()) == 2
    assert [path.name for path in local_mailbox.iterdir() if path.suffix != ".eml"] == []


def test_there_may_be_no_mail_yet(client: Client):
    answer = client.get(reverse("mailbox"))
    assert answer.status_code == 200
    assert 'class="empty"' in answer.content.decode()


def test_the_list_leads_to_the_mail_its_page_and_its_files(client: Client):
    entry = delivered(
        subject="十月 <下>", html='<html><head></head><body><p style="color:red">Page</p></body></html>'
    )
    address = reverse("mailbox_message", args=[entry.name])
    assert address in client.get(reverse("mailbox")).content.decode()
    page = client.get(address).content.decode()
    assert "十月 &lt;下&gt;" in page
    assert '<iframe class="mail-frame" src="?part=html"' in page
    assert "项目表.xlsx" in page
    assert "Some text" in page
    file = client.get(address, {"attachment": "0"})
    assert file.content == b"PK table"
    assert file["Content-Disposition"].startswith("attachment")


def test_the_heads_are_named_and_the_date_is_told_as_on_other_pages(client: Client):
    entry = delivered()
    mail = read(entry.name)
    assert mail is not None
    at = written_at(mail)
    assert at is not None
    page = client.get(
        reverse("mailbox_message", args=[entry.name]), headers={"accept-language": "en"}
    ).content.decode()
    with translation.override("en"):
        assert f"<dt>Date</dt><dd>{date_format(localtime(at), 'DATETIME_FORMAT')}</dd>" in page
    for head in ("From", "To", "Message-ID"):
        assert f"<dt>{head}</dt>" in page
    assert str(mail["Date"]) not in page


def test_the_mails_page_has_a_policy_of_its_own(client: Client):
    entry = delivered(html='<html><head></head><body><p style="color:red">Page</p></body></html>')
    frame = client.get(reverse("mailbox_message", args=[entry.name]), {"part": "html"})
    assert '<p style="color:red">Page</p>' in frame.content.decode()
    policy = frame["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script" not in policy
    assert frame["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("query", [{"attachment": "1"}, {"attachment": "-1"}, {"attachment": "²"}])
def test_what_is_not_attached_is_not_found(client: Client, query: dict[str, str]):
    entry = delivered()
    assert client.get(reverse("mailbox_message", args=[entry.name]), query).status_code == 404


def test_a_mail_that_is_not_there_is_not_found(client: Client):
    assert client.get(reverse("mailbox_message", args=["no-such-mail"])).status_code == 404
    assert read("../mailbox/x") is None


def test_where_mails_are_really_sent_there_is_no_mailbox(client: Client, settings: Settings):
    entry = delivered()
    settings.SHOWS_MAILBOX = False
    client.force_login(make_official("system_administrator"))
    assert client.get(reverse("mailbox")).status_code == 404
    assert client.get(reverse("mailbox_message", args=[entry.name])).status_code == 404

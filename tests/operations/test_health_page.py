"""The administrator's page: every part, and the mails that were given up."""

from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_official
from tests.services.redis import RedisServer
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.audit.models import AuditEntry
from tracker.mailing.models import Message
from tracker.mailing.rules import WAITS
from tracker.operations import queries
from tracker.operations.actions import beat_of
from tracker.operations.queries import health, look
from tracker.operations.rules import Disk, Part, State
from tracker.operations.tasks import beat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _roomy_and_well_informed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What depends on the machine and the day on which the tests run."""
    monkeypatch.setattr(queries, "_disks", lambda: [Disk("state", 50 * 1024**3, 100 * 1024**3)])
    monkeypatch.setattr(queries, "_holidays_until", lambda year: year + 1)


@pytest.fixture
def administrator() -> User:
    return make_official(Role.SYSTEM_ADMINISTRATOR)


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


def page(person: User, name: str = "office:health") -> str:
    answer = signed_in(person).get(reverse(name))
    assert answer.status_code == 200
    return answer.content.decode()


def make_mail(**facts: object) -> Message:
    person = make_official()
    facts = {"key": f"mail of {person.pk}", "address": person.email, **facts}
    return Message.objects.create(
        kind="test", recipient=person, language="en", subject="Reminder", text="…", html="<p>…</p>", **facts
    )


def parked(**facts: object) -> Message:
    facts = {"parked_at": timezone.now(), "attempts": 8, "last_error": "550 No such user", **facts}
    return make_mail(**facts)


def everything_lives() -> None:
    now = timezone.now()
    for name in ("beat", "worker", "backup"):
        beat_of(name, now)


def state_of(part: Part) -> State:
    return next(one.state for one in health(timezone.now()) if one.part is part)


def test_every_part_is_shown_by_word_and_shape_with_its_remedy(administrator: User):
    shown = page(administrator)
    assert "Has never rung." in shown
    assert "systemctl restart jigai-beat" in shown
    assert '<span aria-hidden="true">■</span> Wrong' in shown
    assert '<span aria-hidden="true">●</span> Well' in shown


def test_when_everything_lives_nothing_is_wrong(
    administrator: User, redis_server: RedisServer, queued_on_redis: None
):
    everything_lives()
    assert "■" not in page(administrator)
    assert "Wrong:" not in page(administrator, "office:today")


def test_what_is_wrong_stands_on_todays_page_of_the_administrator_alone(administrator: User):
    assert "Wrong:" in page(administrator, "office:today")
    assert "Wrong:" not in page(make_official(Role.AUDITOR), "office:today")


def test_an_administrator_above_all_counties_is_told_too(administrator: User):
    User.objects.filter(pk=administrator.pk).update(division=None)
    administrator.refresh_from_db()
    assert "Wrong:" in page(administrator, "office:today")
    assert "Does everything run?" in page(administrator)


def test_the_page_is_found_under_more_by_whoever_may_open_it(administrator: User):
    assert reverse("office:health") in page(administrator, "office:more")
    assert reverse("office:health") not in page(make_official(Role.TEAM_LEAD), "office:more")


def test_the_task_that_beat_rings_shows_that_a_worker_lives():
    beat.apply()
    assert state_of(Part.WORKER) is State.WELL


def test_a_mail_is_late_since_it_was_first_due_however_often_it_was_put_off():
    now = timezone.now()
    make_mail(not_before=now + timedelta(hours=5))
    assert look(now).kept.outbox.due_since is None
    put_off = sum(WAITS[:3], timedelta(0))
    make_mail(not_before=now + timedelta(minutes=1), attempts=3, last_error="451 Later")
    outbox = look(now).kept.outbox
    assert outbox.due_since == now + timedelta(minutes=1) - put_off
    assert (outbox.waiting, outbox.trouble) == (2, "451 Later")


def test_a_mail_given_up_is_shown_with_the_reason(administrator: User):
    mail = parked()
    shown = page(administrator)
    assert "550 No such user" in shown
    assert mail.address in shown
    assert "Given up at" in shown


def test_trying_again_sends_to_the_address_of_today_and_is_written_down(administrator: User):
    mail = parked(address="old@county.test")
    answer = signed_in(administrator).post(reverse("office:try_mail_again", args=[mail.pk]), follow=True)
    assert "is on its way" in answer.content.decode()
    mail.refresh_from_db()
    assert (mail.parked_at, mail.attempts, mail.address) == (None, 0, mail.recipient.email)
    assert Message.objects.deliverable(timezone.now()).filter(pk=mail.pk).exists()
    entry = AuditEntry.objects.get(table="message", row=str(mail.pk), actor=administrator)
    assert entry.before["address"] == "old@county.test"
    assert entry.after["address"] == mail.recipient.email


def test_a_mail_that_no_longer_matters_is_set_aside(administrator: User):
    mail = parked()
    signed_in(administrator).post(reverse("office:set_mail_aside", args=[mail.pk]))
    mail.refresh_from_db()
    assert mail.withdrawn_at is not None
    assert state_of(Part.PARKED) is State.WELL
    assert AuditEntry.objects.filter(table="message", row=str(mail.pk), why="set aside").exists()


@pytest.mark.parametrize("name", ["office:try_mail_again", "office:set_mail_aside"])
def test_a_mail_is_taken_up_once(administrator: User, name: str):
    mail = parked()
    for _ in range(2):
        answer = signed_in(administrator).post(reverse(name, args=[mail.pk]), follow=True)
    assert "meanwhile" in answer.content.decode()
    assert AuditEntry.objects.filter(table="message", why__in=["try again", "set aside"]).count() == 1


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SYSTEM_ADMINISTRATOR, Role.ENTERPRISE}))
def test_nobody_else_may(role: Role):
    mail = parked()
    client = signed_in(make_official(role))
    for name in ("office:try_mail_again", "office:set_mail_aside"):
        assert client.post(reverse(name, args=[mail.pk])).status_code == 403
    mail.refresh_from_db()
    assert mail.parked_at is not None
    assert mail.withdrawn_at is None


def test_the_command_says_the_same_and_ends_with_1():
    said = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("health", stdout=said)
    assert end.value.code == 1
    assert "jigai-beat" in said.getvalue()


def test_the_command_ends_well_when_nothing_is_wrong(redis_server: RedisServer, queued_on_redis: None):
    everything_lives()
    said = StringIO()
    call_command("health", stdout=said)
    assert "■" not in said.getvalue()

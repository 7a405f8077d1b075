"""Many presses of one button: one mail goes out, one password is chosen."""

import pytest
from django.utils import timezone

from tests.factories import make_county, make_official
from tests.faults.test_races import HANDS, at_once, kinds, meet_before, take_off_locks
from tracker.accounts.invitations import accept, invite
from tracker.accounts.models import Invitation, InvitationQuerySet, User
from tracker.accounts.roles import Role
from tracker.mailing.models import Message

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def administrator() -> User:
    return make_official(Role.SECURITY_ADMINISTRATOR)


@pytest.fixture
def newcomer() -> User:
    return User.objects.create_user("new@county.test", role=Role.INSPECTOR, division=make_county())


def pressed_by_many(newcomer: User, administrator: User) -> list[str]:
    def press() -> bool:
        return invite(newcomer, by=administrator, now=timezone.now())[1]

    return kinds(at_once(*[press] * HANDS))


def test_many_presses_at_once_send_one_mail(newcomer: User, administrator: User):
    assert pressed_by_many(newcomer, administrator) == ["False"] * (HANDS - 1) + ["True"]
    assert Message.objects.count() == Invitation.objects.count() == 1


def test_the_control_without_the_lock_they_run_into_the_constraint(
    newcomer: User, administrator: User, monkeypatch: pytest.MonkeyPatch
):
    take_off_locks(monkeypatch)
    meet_before(monkeypatch, InvitationQuerySet, "create")
    came_to = pressed_by_many(newcomer, administrator)
    assert {"IntegrityError", "OperationalError"} & set(came_to)
    assert Message.objects.count() == Invitation.objects.count() == 1


def accepted_by_many(newcomer: User, administrator: User) -> list[str]:
    invitation, _ = invite(newcomer, by=administrator, now=timezone.now())

    def choose() -> str:
        accept(Invitation.objects.get(pk=invitation.pk), "another-horse-battery", now=timezone.now())
        return "chosen"

    return kinds(at_once(*[choose] * HANDS))


def test_a_link_that_many_use_at_once_works_once(newcomer: User, administrator: User):
    came_to = accepted_by_many(newcomer, administrator)
    assert came_to == ["InvitationOver"] * (HANDS - 1) + ["chosen"]


def test_the_control_without_the_condition_on_the_row_it_works_each_time(
    newcomer: User, administrator: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(InvitationQuerySet, "unanswered", InvitationQuerySet.all)
    assert accepted_by_many(newcomer, administrator) == ["chosen"] * HANDS

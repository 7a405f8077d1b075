"""A person is added without a password, and chooses it by a link in a mail."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import PASSWORD, make_county, make_official
from tracker.accounts import invitations
from tracker.accounts.invitations import CannotBeInvited, InvitationOver, accept, invite, withdraw
from tracker.accounts.models import Invitation, User, Visit
from tracker.accounts.roles import Role
from tracker.accounts.tasks import tidy
from tracker.audit.models import AuditEntry
from tracker.mailing.models import Message

pytestmark = pytest.mark.django_db

ENGLISH = {"accept-language": "en"}
LINK = re.compile(r"http://site\.test(/account/invitation/[\w-]+/)")


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    settings.SITE_URL = "http://site.test"


@pytest.fixture
def administrator() -> User:
    return make_official(Role.SECURITY_ADMINISTRATOR, is_staff=True, language="en", name="Administrator")


@pytest.fixture
def office(administrator: User) -> Client:
    client = Client(headers={**ENGLISH, "host": "testserver"})
    client.force_login(administrator)
    return client


@pytest.fixture
def newcomer() -> User:
    facts = {"email": "new@county.test", "name": "新人", "language": "en"}
    return User.objects.create_user(password=None, role=Role.INSPECTOR, division=make_county(), **facts)


def link_of(person: User) -> str:
    """The link in the newest mail to the person."""
    [link] = LINK.findall(Message.objects.filter(recipient=person).latest("pk").text)
    return str(link)


def choose(link: str, password: str = PASSWORD, client: Client | None = None) -> Any:
    form = {"password1": password, "password2": password}
    return (client or Client()).post(link, form, headers=ENGLISH)


def page_of(link: str) -> Any:
    return Client().get(link, headers=ENGLISH)


def later(invitation: Invitation, so_much: timedelta) -> None:
    """So much time has passed since the invitation."""
    Invitation.objects.filter(pk=invitation.pk).update(
        made_at=invitation.made_at - so_much, expires_at=invitation.expires_at - so_much
    )


def test_who_is_added_gets_a_link_and_is_signed_in_by_choosing_a_password(office: Client):
    form = {
        "email": "New@county.test",
        "name": "新人",
        "language": "en",
        "role": Role.INSPECTOR,
        "division": make_county().pk,
        "usable_password": "false",
    }
    assert office.post(reverse("admin:tracker_user_add"), form).status_code == 302
    person = User.objects.get(email="new@county.test")
    assert not person.has_usable_password()
    message = Message.objects.get(recipient=person)
    assert message.subject == "Your account: choose a password"
    assert "Administrator has added you as Inspector" in message.text
    assert LINK.search(message.html)
    theirs = Client()
    answer = choose(link_of(person), client=theirs)
    assert answer.status_code == 302
    assert theirs.get("/office/").status_code == 200
    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    assert not person.password_is_set_by_another
    assert Visit.objects.filter(person=person).count() == 1


def test_an_invitation_is_what_the_form_offers_first(office: Client):
    page = office.get(reverse("admin:tracker_user_add")).content.decode()
    checked = re.search(r'<input[^>]*name="usable_password"[^>]*checked[^>]*>', page)
    assert checked
    assert 'value="false"' in checked.group(0)


def test_a_first_password_is_still_a_choice(office: Client):
    form = {
        "email": "new@county.test",
        "name": "新人",
        "language": "en",
        "role": Role.INSPECTOR,
        "division": make_county().pk,
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    assert office.post(reverse("admin:tracker_user_add"), form).status_code == 302
    assert User.objects.get(email="new@county.test").check_password(PASSWORD)
    assert not Invitation.objects.exists()


def test_the_mail_is_in_the_readers_language(newcomer: User, administrator: User):
    newcomer.language = "zh-hans"
    newcomer.save()
    invite(newcomer, by=administrator, now=timezone.now())
    assert Message.objects.get().language == "zh-hans"


def test_the_link_is_by_the_sites_address_whatever_host_is_asked(office: Client, newcomer: User):
    office.post(
        reverse("admin:tracker_user_changelist"),
        {"action": "invite_again", "_selected_action": newcomer.pk},
        headers={"host": "localhost", "x-forwarded-host": "evil.test"},
    )
    text = Message.objects.get().text
    assert "localhost" not in text
    assert "evil" not in text
    assert LINK.search(text)


def test_looking_at_the_link_uses_nothing_up(newcomer: User, administrator: User):
    invite(newcomer, by=administrator, now=timezone.now())
    link = link_of(newcomer)
    for _ in range(3):
        answer = page_of(link)
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
    assert Client().head(link).status_code == 200
    assert choose(link).status_code == 302


def test_the_link_works_once(newcomer: User, administrator: User):
    invite(newcomer, by=administrator, now=timezone.now())
    link = link_of(newcomer)
    choose(link)
    again = choose(link, "another-horse-battery")
    assert again.status_code == 410
    assert "has been used already" in again.content.decode()
    newcomer.refresh_from_db()
    assert newcomer.check_password(PASSWORD)


def test_two_who_press_at_once_are_told_apart_by_the_row(newcomer: User, administrator: User):
    invitation, _ = invite(newcomer, by=administrator, now=timezone.now())
    same = Invitation.objects.get()
    accept(invitation, PASSWORD, now=timezone.now())
    with pytest.raises(InvitationOver):
        accept(same, "another-horse-battery", now=timezone.now())
    newcomer.refresh_from_db()
    assert newcomer.check_password(PASSWORD)


def test_the_link_works_until_it_expires(newcomer: User, administrator: User, settings: Any):
    invitation, _ = invite(newcomer, by=administrator, now=timezone.now())
    later(invitation, settings.INVITATION_LASTS - timedelta(minutes=1))
    assert page_of(link_of(newcomer)).status_code == 200
    later(invitation, settings.INVITATION_LASTS)
    answer = page_of(link_of(newcomer))
    assert answer.status_code == 410
    assert "Ask the administrator who invited you" in answer.content.decode()
    assert choose(link_of(newcomer)).status_code == 410
    newcomer.refresh_from_db()
    assert not newcomer.has_usable_password()


def test_a_newer_one_ends_the_one_before(newcomer: User, administrator: User):
    invitation, _ = invite(newcomer, by=administrator, now=timezone.now())
    old = link_of(newcomer)
    later(invitation, timedelta(minutes=2))
    invite(newcomer, by=administrator, now=timezone.now())
    new = link_of(newcomer)
    assert "A newer mail was sent" in page_of(old).content.decode()
    assert choose(old).status_code == 410
    assert choose(new).status_code == 302


def test_pressing_twice_sends_one_mail(office: Client, newcomer: User):
    for _ in range(2):
        office.post(
            reverse("admin:tracker_user_changelist"),
            {"action": "invite_again", "_selected_action": newcomer.pk},
        )
    assert Message.objects.count() == Invitation.objects.count() == 1


def test_a_weak_password_is_refused_and_the_link_still_works(newcomer: User, administrator: User):
    invite(newcomer, by=administrator, now=timezone.now())
    link = link_of(newcomer)
    for weak in ("short", "new@county.test", "password1234"):
        answer = choose(link, weak)
        assert answer.status_code == 200
        assert "There is a problem" in answer.content.decode()
    assert "At least 12 characters" in page_of(link).content.decode()
    assert choose(link).status_code == 302


def test_the_secret_is_long_and_only_its_hash_is_kept_beside(newcomer: User, administrator: User):
    invitation, _ = invite(newcomer, by=administrator, now=timezone.now())
    secret = link_of(newcomer).split("/")[-2]
    assert len(secret) >= 43
    assert secret not in str([list(Invitation.objects.values()), list(AuditEntry.objects.values())])
    assert invitation.token_digest == invitations.digest(secret)


@pytest.mark.parametrize("end", ["accepted", "withdrawn", "expired", "replaced"])
def test_a_link_that_is_over_leaves_the_outbox(newcomer: User, administrator: User, settings: Any, end: str):
    now = timezone.now()
    invitation, _ = invite(newcomer, by=administrator, now=now)
    secret = link_of(newcomer).split("/")[-2]
    if end == "accepted":
        accept(invitation, PASSWORD, now=now)
    elif end == "withdrawn":
        assert withdraw(newcomer, by=administrator, now=now)
    elif end == "expired":
        later(invitation, settings.INVITATION_LASTS)
        tidy()
    else:
        invite(newcomer, by=administrator, now=now + timedelta(minutes=2))
    message = Message.objects.get(key=invitation.mail_key)
    assert secret not in message.text + message.html
    assert "/account/invitation/…" in message.text
    assert message.withdrawn_at if end != "accepted" else True


def test_a_withdrawn_one_says_so_and_is_not_sent(office: Client, newcomer: User, administrator: User):
    invite(newcomer, by=administrator, now=timezone.now())
    link = link_of(newcomer)
    form = {"action": "withdraw_invitation", "_selected_action": newcomer.pk, "from_person": "yes"}
    page = office.post(reverse("admin:tracker_user_changelist"), form, follow=True).content.decode()
    assert "1 invitation was withdrawn." in page
    assert "withdrawn:" in page
    assert "It was taken back" in page_of(link).content.decode()
    assert not Message.objects.unsent().exists()


def test_the_persons_page_says_what_became_of_it(office: Client, newcomer: User, administrator: User):
    page = reverse("admin:tracker_user_change", args=[newcomer.pk])
    assert "never invited" in office.get(page).content.decode()
    invite(newcomer, by=administrator, now=timezone.now())
    assert "sent, not accepted yet; works until" in office.get(page).content.decode()
    choose(link_of(newcomer))
    assert "accepted: " in office.get(page).content.decode()


def test_who_has_a_password_or_a_closed_account_is_not_invited(
    office: Client, administrator: User, newcomer: User
):
    person = make_official()
    User.objects.filter(pk=newcomer.pk).update(is_active=False)
    newcomer.refresh_from_db()
    for one in (person, newcomer):
        with pytest.raises(CannotBeInvited):
            invite(one, by=administrator, now=timezone.now())
    form = {"action": "invite_again", "_selected_action": [person.pk, newcomer.pk]}
    page = office.post(reverse("admin:tracker_user_changelist"), form, follow=True).content.decode()
    assert "Not invited" in page
    assert not Message.objects.exists()


def test_a_closed_account_is_not_opened_by_its_link(newcomer: User, administrator: User):
    invite(newcomer, by=administrator, now=timezone.now())
    User.objects.filter(pk=newcomer.pk).update(is_active=False)
    assert choose(link_of(newcomer)).status_code == 410


def test_a_password_chosen_by_another_way_ends_the_link(newcomer: User, administrator: User):
    invite(newcomer, by=administrator, now=timezone.now())
    newcomer.set_password("another-horse-battery")
    newcomer.save()
    assert choose(link_of(newcomer)).status_code == 410


@pytest.mark.parametrize("token", ["x", "a" * 43, "9" * 30, "-" * 500])
def test_a_made_up_link_says_so(client: Client, token: str):
    answer = client.get(f"/account/invitation/{token}/", headers=ENGLISH)
    assert answer.status_code == 404
    assert "cut off in the mail" in answer.content.decode()


def test_whoever_is_signed_in_on_the_device_does_not_choose_it(
    office: Client, newcomer: User, administrator: User
):
    invite(newcomer, by=administrator, now=timezone.now())
    choose(link_of(newcomer), client=office)
    newcomer.refresh_from_db()
    assert not newcomer.password_is_set_by_another
    assert office.session["_auth_user_id"] == str(newcomer.pk)


def test_administrators_read_the_mail_without_its_secret(newcomer: User, administrator: User):
    invite(newcomer, by=administrator, now=timezone.now())
    system = Client()
    system.force_login(make_official(Role.SYSTEM_ADMINISTRATOR, is_staff=True))
    page = system.get(reverse("admin:tracker_message_change", args=[Message.objects.get().pk]))
    assert page.status_code == 200
    assert link_of(newcomer) not in page.content.decode()
    assert "/account/invitation/…" in page.content.decode()


def test_what_was_done_stands_in_the_trail(newcomer: User, administrator: User):
    invite(newcomer, by=administrator, now=timezone.now())
    choose(link_of(newcomer))
    entries = AuditEntry.objects.filter(table="invitation").order_by("pk")
    assert [(entry.act, entry.actor) for entry in entries] == [
        ("created", administrator),
        ("changed", newcomer),
    ]
    assert {entry.place for entry in entries} == {make_county().path}

"""Who guesses has to wait; who does not, need not."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import hashers
from django.core import mail
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse
from django.utils import timezone

from tests.accounts.factors import give_app
from tests.factories import PASSWORD, make_county, make_enterprise_user, make_official
from tracker.accounts.addresses import client_address, counted_address
from tracker.accounts.lockout.models import SignInAttempt
from tracker.accounts.lockout.rules import LIMITS, REMEMBERED_FOR, Kind, Limit, ends_at
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

ENGLISH = {"accept-language": "en"}
LI, HOME, ELSEWHERE = "li@county.test", "192.0.2.1", "198.51.100.7"
NOON = datetime.fromisoformat("2026-11-25T12:00:00+08:00")


def attempt(
    email: str = LI, password: str = "wrong", *, at: str = HOME, client: Client | None = None, **more: Any
) -> Any:
    """Somebody at an address tries to sign in."""
    form = {"login": email, "password": password}
    client = client or Client()
    return client.post(reverse("account_login"), form, REMOTE_ADDR=at, headers={**ENGLISH, **more})


def failed(account: str, address: str, at: datetime) -> None:
    """A wrong password of a while ago."""
    SignInAttempt.objects.create(kind=Kind.PASSWORD, account=account, address=address, at=at)


def comes_in(answer: Any) -> bool:
    return answer.status_code == 302


@pytest.fixture
def li() -> User:
    """The account that is guessed at."""
    return make_official(email=LI)


def test_after_five_wrong_passwords_the_right_one_has_to_wait(li: User):
    answers = [attempt() for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert attempt(LI, PASSWORD).status_code == 429


@pytest.mark.parametrize("typed", ["LI@County.Test", " li@county.test ", "Li@county.test"])
def test_the_account_is_the_same_however_it_is_typed(li: User, typed: str):
    for _ in range(5):
        attempt(typed)
    assert attempt(LI, PASSWORD).status_code == 429


def test_a_lock_is_told_in_our_words_with_its_end_and_with_what_to_do_meanwhile(li: User):
    with time_machine.travel(NOON, tick=False):
        for _ in range(5):
            attempt()
        page = attempt(LI, PASSWORD).content.decode()
    assert "until 12:30" in page
    assert reverse("account_request_login_code") in page


def test_the_lock_ends_by_itself_and_trying_meanwhile_does_not_prolong_it(li: User):
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(5):
            attempt()
        clock.shift(timedelta(minutes=29))
        assert attempt(LI, PASSWORD).status_code == 429
        clock.shift(timedelta(minutes=1, seconds=1))
        assert comes_in(attempt(LI, PASSWORD))


def test_a_lock_holds_for_that_address_and_that_account_alone(li: User):
    make_official(email="wang@county.test")
    for _ in range(5):
        attempt()
    assert comes_in(attempt(LI, PASSWORD, at=ELSEWHERE))
    assert comes_in(attempt("wang@county.test", PASSWORD))


def test_coming_in_clears_what_was_mistyped_before(li: User):
    for _ in range(3):
        for _ in range(4):
            attempt()
        assert comes_in(attempt(LI, PASSWORD))


def test_the_right_password_alone_clears_nothing_while_the_second_factor_is_owed(li: User):
    give_app(li)
    for _ in range(4):
        attempt()
    assert attempt(LI, PASSWORD)["Location"] == reverse("mfa_authenticate")
    assert attempt().status_code == 429


def test_what_was_right_counts_for_nothing(li: User):
    give_app(li)
    for _ in range(6):
        assert attempt(LI, PASSWORD)["Location"] == reverse("mfa_authenticate")
    assert not SignInAttempt.objects.exists()


def test_guessing_from_many_addresses_is_stopped_slowly(li: User):
    now = timezone.now()
    for number in range(50):
        failed(LI, f"203.0.113.{number}", now - timedelta(minutes=number))
    assert attempt(LI, PASSWORD).status_code == 429
    # The oldest of the fifty grows old, and nobody has lifted anything.
    with time_machine.travel(now + timedelta(minutes=12)):
        assert comes_in(attempt(LI, PASSWORD))


def test_guessing_at_many_accounts_from_one_address_is_stopped_slowly(li: User):
    now = timezone.now()
    for number in range(100):
        failed(f"somebody{number}@county.test", HOME, now)
    assert attempt(LI, PASSWORD).status_code == 429
    assert comes_in(attempt(LI, PASSWORD, at=ELSEWHERE))
    with time_machine.travel(now + timedelta(minutes=61)):
        assert comes_in(attempt(LI, PASSWORD))


def test_an_unknown_account_is_locked_in_the_same_words(li: User):
    with time_machine.travel(NOON, tick=False):
        pages = []
        for email in (LI, "nobody@county.test"):
            answers = [attempt(email) for _ in range(6)]
            pages.append([(answer.status_code, token_free(answer.content.decode())) for answer in answers])
    assert pages[0] == [(code, page.replace("nobody@county.test", LI)) for code, page in pages[1]]


def token_free(page: str) -> str:
    """The page without what is different each time."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


@pytest.mark.parametrize("email", [LI, "nobody@county.test", "unset@county.test", "gone@county.test"])
def test_a_password_is_hashed_once_whether_or_not_there_is_such_an_account(
    li: User, email: str, monkeypatch: pytest.MonkeyPatch
):
    make_official(email="gone@county.test", is_active=False)
    unset = make_official(email="unset@county.test")
    unset.set_unusable_password()
    unset.save()
    hashed: list[str] = []
    encode = hashers.MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counted)
    attempt(email)
    assert len(hashed) == 1


def test_a_lock_is_written_into_the_trail_without_what_was_typed(li: User):
    for _ in range(7):
        attempt(password="a-secret-that-was-typed")
    [entry] = AuditEntry.objects.filter(act=AuditEntry.Act.LOCKED_OUT)
    assert (entry.table, entry.row) == ("user", str(li.pk))
    assert entry.after["account"] == LI
    assert entry.after["address"] == HOME
    assert "a-secret-that-was-typed" not in str(entry.after)


def test_attempts_that_count_no_more_are_forgotten(li: User):
    with time_machine.travel(NOON, tick=False) as clock:
        attempt()
        clock.shift(REMEMBERED_FOR)
        attempt()
    assert SignInAttempt.objects.count() == 1


def test_a_wrong_password_asked_for_once_more_counts_as_well(li: User, client: Client):
    client.force_login(li)
    page = reverse("account_reauthenticate")
    codes = [client.post(page, {"password": "wrong"}, REMOTE_ADDR=HOME).status_code for _ in range(5)]
    assert codes[-1] == 429
    assert client.post(page, {"password": PASSWORD}, REMOTE_ADDR=HOME).status_code == 429


# --- addresses ---


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, None, "10.0.0.9"),
        (0, "1.1.1.1", "10.0.0.9"),
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "1.1.1.1, 192.0.2.1", "192.0.2.1"),
        (2, "1.1.1.1, 192.0.2.1, 10.0.0.8", "192.0.2.1"),
        (2, "192.0.2.1", "10.0.0.9"),
        (1, "nonsense", "10.0.0.9"),
        (1, "", "10.0.0.9"),
        (1, "::ffff:192.0.2.1", "192.0.2.1"),
        (1, "2001:db8:0:0::1", "2001:db8::1"),
    ],
)
def test_the_address_is_what_our_own_proxies_saw(proxies: int, forwarded: str | None, expected: str):
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.9", **headers)
    with override_settings(TRUSTED_PROXIES=proxies):
        assert client_address(request) == expected


def test_of_version_six_the_whole_network_of_a_subscriber_counts_as_one():
    request = RequestFactory().get("/", REMOTE_ADDR="2001:db8:1:2:3:4:5:6")
    assert counted_address(request) == "2001:db8:1:2::"


def test_without_an_address_nothing_breaks(li: User):
    assert attempt(at="").status_code == 200


@pytest.mark.parametrize("proxies", [0, 1])
def test_a_made_up_header_neither_evades_a_lock_nor_puts_one_on_others(li: User, proxies: int, settings: Any):
    settings.TRUSTED_PROXIES = proxies
    seen = f", {HOME}" if proxies else ""
    for number in range(5):
        attempt(**{"x-forwarded-for": f"203.0.113.{number}{seen}"})
    assert attempt(LI, PASSWORD, **{"x-forwarded-for": f"203.0.113.99{seen}"}).status_code == 429
    victim = f"203.0.113.0, {ELSEWHERE}" if proxies else ""
    assert comes_in(attempt(LI, PASSWORD, at=ELSEWHERE, **{"x-forwarded-for": victim}))


# --- the rule ---


def test_a_lock_ends_when_its_oldest_attempt_grows_old():
    limit = Limit(2, timedelta(minutes=30), ("account",))
    earlier, later = NOON - timedelta(minutes=10), NOON
    assert ends_at(limit, [later], 2) is None
    assert ends_at(limit, [later, earlier], 2) == earlier + timedelta(minutes=30)


def test_the_figures_are_those_of_the_standards():
    pair, account, address = LIMITS[Kind.PASSWORD]
    assert (pair.most, pair.within, pair.by) == (5, timedelta(minutes=30), ("account", "address"))
    assert (account.most, address.most) == (50, 100)
    assert all(limit.within <= timedelta(hours=1) for limits in LIMITS.values() for limit in limits)


# --- the code by mail ---


def ask_for_code(client: Client, email: str = LI, at: str = HOME) -> Any:
    form = {"email": email}
    return client.post(reverse("account_request_login_code"), form, REMOTE_ADDR=at, headers=ENGLISH)


def code_from(message: Any) -> str:
    [code] = re.findall(r"^([B-Z]{4}-[B-Z]{4})$", message.body, re.MULTILINE)
    return code


def test_somebody_locked_out_comes_in_by_a_mailed_code(li: User, client: Client):
    for _ in range(5):
        attempt()
    assert ask_for_code(client)["Location"] == reverse("account_confirm_login_code")
    [message] = mail.outbox
    assert message.to == [LI]
    assert message.subject == "Your code to sign in"
    page = reverse("account_confirm_login_code")
    assert 'class="page page--narrow"' in client.get(page).content.decode()
    assert client.post(page, {"code": code_from(message).lower()})["Location"] == "/"
    assert client.session["_auth_user_id"] == str(li.pk)


def test_the_second_factor_is_asked_for_after_a_mailed_code_too(li: User, client: Client):
    give_app(li)
    ask_for_code(client)
    answer = client.post(reverse("account_confirm_login_code"), {"code": code_from(mail.outbox[0])})
    assert answer["Location"] == reverse("mfa_authenticate")
    assert "_auth_user_id" not in client.session


def test_a_mailed_code_ends_with_the_third_wrong_one(li: User, client: Client):
    ask_for_code(client)
    page = reverse("account_confirm_login_code")
    for _ in range(3):
        client.post(page, {"code": "BBBB-BBBB"})
    client.post(page, {"code": code_from(mail.outbox[0])})
    assert "_auth_user_id" not in client.session


def test_a_mailed_code_ends_after_a_quarter_of_an_hour(li: User, client: Client):
    ask_for_code(client)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        client.post(reverse("account_confirm_login_code"), {"code": code_from(mail.outbox[0])})
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("email", ["nobody@county.test", "gone@county.test"])
def test_asking_for_a_code_says_nothing_of_who_has_an_account(li: User, email: str):
    make_official(email="gone@county.test", is_active=False)
    pages = []
    for address in (LI, email):
        client = Client()
        answer = ask_for_code(client, address)
        page = client.get(reverse("account_confirm_login_code"), headers=ENGLISH)
        wrong = client.post(reverse("account_confirm_login_code"), {"code": "BBBB-BBBB"}, headers=ENGLISH)
        pages.append([answer["Location"], *(token_free(one.content.decode()) for one in (page, wrong))])
    assert pages[0] == pages[1]
    assert [message.to for message in mail.outbox] == [[LI], [email]]
    assert not re.search(r"[B-Z]{4}-[B-Z]{4}", mail.outbox[1].body)


def test_nobodys_mailbox_is_flooded_with_codes_and_nobody_uses_up_those_of_others(li: User):
    answers = [ask_for_code(Client()).status_code for _ in range(4)]
    assert answers == [302, 302, 302, 429]
    assert len(mail.outbox) == 3
    assert ask_for_code(Client(), at=ELSEWHERE).status_code == 302
    assert ask_for_code(Client(), "nobody@county.test", at="192.0.2.77").status_code == 302


# --- who looks after locks ---

LOCKS = "admin:tracker_signinattempt_changelist"


@pytest.fixture
def security() -> Client:
    """The county's security administrator at work."""
    client = Client()
    client.force_login(make_official(Role.SECURITY_ADMINISTRATOR, language="en"))
    return client


def test_a_security_administrator_sees_the_locks_of_their_people_and_lifts_them(li: User, security: Client):
    make_official(email="far@county.test", division=make_county("371525"))
    for email in (LI, "far@county.test"):
        for _ in range(5):
            attempt(email)
    page = security.get(reverse(LOCKS)).content.decode()
    assert LI in page
    assert "far@county.test" not in page
    newest = SignInAttempt.objects.filter(account=LI).latest("pk")
    security.post(reverse(LOCKS), {"action": "lift", "_selected_action": [newest.pk]})
    assert comes_in(attempt(LI, PASSWORD))
    assert AuditEntry.objects.filter(act=AuditEntry.Act.LOCK_LIFTED).exists()


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMINISTRATOR, Role.AUDITOR, Role.TEAM_LEAD])
def test_others_do_not_see_locks(li: User, role: Role, client: Client):
    client.force_login(make_official(role))
    assert client.get(reverse(LOCKS)).status_code != 200


def test_an_enterprise_is_locked_like_everybody(client: Client):
    make_enterprise_user(email="firm@firm.test")
    for _ in range(5):
        attempt("firm@firm.test")
    assert attempt("firm@firm.test", PASSWORD).status_code == 429

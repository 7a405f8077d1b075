"""Many hands at one door at the same moment: a code lets in one, and no more guesses count than may."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import hashers
from django.test import Client
from django.urls import reverse

from tests.accounts.factors import code_now, give_app
from tests.factories import make_official
from tests.faults.test_races import HANDS, at_once, meet_before, take_off_locks
from tracker.accounts.lockout.models import SignInAttempt, SignInAttemptQuerySet
from tracker.accounts.models import User
from tracker.accounts.second_factors.actions import renew_recovery_codes, use_code

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def li() -> User:
    """Whose account it is."""
    return make_official(email="li@county.test")


def uses(person: User, code: str) -> list[Any]:
    """What twenty hands come to that use one code at once."""
    return at_once(*[lambda: use_code(person, code) is not None] * HANDS)


def test_a_recovery_code_that_twenty_use_lets_in_one(li: User):
    code = renew_recovery_codes(li)[0]
    assert sorted(uses(li, code)) == [False] * (HANDS - 1) + [True]


def test_a_code_of_the_app_that_twenty_use_lets_in_one(li: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.time.time", lambda: 1_790_000_000.0)
    give_app(li)
    assert sorted(uses(li, code_now())) == [False] * (HANDS - 1) + [True]


def test_control_without_the_lock_several_use_one_code(li: User, monkeypatch: pytest.MonkeyPatch):
    code = renew_recovery_codes(li)[0]
    take_off_locks(monkeypatch)
    meet_before(monkeypatch, Authenticator, "save")
    came_to = uses(li, code)
    assert came_to.count(True) > 1 or any(isinstance(one, Exception) for one in came_to)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were looked at."""
    seen: list[str] = []
    encode = hashers.MD5PasswordHasher.encode

    def encode_and_tell(self: Any, password: str, salt: str) -> str:
        seen.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", encode_and_tell)
    return seen


def guess() -> int:
    form = {"login": "li@county.test", "password": "wrong"}
    return Client().post(reverse("account_login"), form).status_code


def test_of_twenty_guesses_at_once_no_more_than_five_are_looked_at(li: User, looked_at: list[str]):
    looked_at.clear()
    answers = at_once(*[guess] * HANDS)
    assert set(answers) <= {200, 429}
    assert len(looked_at) <= 5
    assert SignInAttempt.objects.count() <= 5


def test_control_without_counting_first_more_are_looked_at(
    li: User, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(SignInAttemptQuerySet, "locked_until", lambda self, *args, **options: None)
    looked_at.clear()
    at_once(*[guess] * HANDS)
    assert len(looked_at) > 5

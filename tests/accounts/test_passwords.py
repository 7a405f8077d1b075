"""What a password must be, by the profile that the deployment has set."""

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as project
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import PASSWORD, make_official
from tracker.accounts.models import PastPassword, User
from tracker.accounts.roles import Role
from tracker.accounts.tasks import tidy
from tracker.mailing.models import Message

pytestmark = pytest.mark.django_db

ENGLISH = {"accept-language": "en"}
CHANGE = "/account/password/change/"


@pytest.fixture
def mlps(settings: Any) -> None:
    settings.PASSWORD_PROFILE = "mlps"


@pytest.fixture
def person() -> User:
    return make_official(email="wangfang@county.test", name="Wang Fang", language="en")


@pytest.fixture
def client(person: User) -> Client:
    client = Client(headers=ENGLISH)
    client.force_login(person)
    return client


def change(client: Client, new: str, old: str = PASSWORD) -> Any:
    cache.clear()  # more changes than allauth takes from a person in a minute
    return client.post(CHANGE, {"oldpassword": old, "password1": new, "password2": new})


def is_taken(client: Client, person: User, new: str) -> bool:
    change(client, new)
    person.refresh_from_db()
    return person.check_password(new)


# --- asvs ---


@pytest.mark.parametrize(
    ("password", "is_right"),
    [
        ("elevenchars", False),
        ("twelve chars", True),
        ("all small letters in a row", True),
        ("x" + "长" * 11, True),
        ("a long sentence " * 8, True),
        ("password1234", False),
        ("wangfang@county.test", False),
        ("wangfang wang", False),
    ],
)
def test_length_counts_and_not_composition(client: Client, person: User, password: str, is_right: bool):
    assert is_taken(client, person, password.strip()) is is_right


def test_no_password_grows_too_old_and_none_is_remembered(client: Client, person: User):
    User.objects.filter(pk=person.pk).update(password_changed_at=timezone.now() - timedelta(days=4000))
    assert client.get("/office/").status_code == 200
    assert is_taken(client, person, "another-horse-battery")
    assert not PastPassword.objects.exists()
    change(client, PASSWORD, "another-horse-battery")
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_a_changed_password_is_told_by_mail(client: Client, person: User):
    told = Message.objects.filter(recipient=person, kind="account_changed")
    assert not told.exists()
    change(client, "another-horse-battery", "not the old one")
    assert not told.exists()
    change(client, "another-horse-battery")
    assert ["password of your account was changed" in mail.text for mail in told] == [True]


def test_the_form_says_the_rules_in_words(client: Client):
    page = client.get(CHANGE).content.decode()
    assert "At least 12 characters" in page
    assert "capital letters" not in page


# --- mlps ---


@pytest.mark.parametrize(
    ("password", "is_right"),
    [
        ("Ab3!xyz", False),
        ("Ab3!xyzw", True),
        ("abcdefghijkl", False),
        ("Abcdefghijkl", False),
        ("Abcdefghijk1", True),
        ("密码密码密码Ab", True),
        ("P@ssw0rd", False),
    ],
)
def test_three_kinds_of_four_are_asked_for(
    client: Client, person: User, mlps: None, password: str, is_right: bool
):
    assert is_taken(client, person, password) is is_right


def test_the_form_says_these_rules_in_words(client: Client, mlps: None):
    page = client.get(CHANGE).content.decode()
    for words in ("At least 8 characters", "three of these", "last 5 passwords", "every 90 days"):
        assert words in page


def test_the_last_five_are_refused_and_the_one_before_them_is_not(client: Client, person: User, mlps: None):
    old = PASSWORD
    for number in range(1, 6):
        change(client, f"Horse-{number}-battery", old)
        old = f"Horse-{number}-battery"
        person.refresh_from_db()
        assert person.check_password(old)
    for number in range(1, 6):
        answer = change(client, f"Horse-{number}-battery", old)
        assert "one of your last 5 passwords" in answer.content.decode()
    change(client, "Horse-6-battery", old)
    assert change(client, "Horse-1-battery", "Horse-6-battery").status_code == 302
    assert PastPassword.objects.count() == 5


def test_the_present_one_is_refused_even_when_it_is_older_than_the_profile(
    client: Client, person: User, settings: Any
):
    change(client, "Horse-1-battery")
    settings.PASSWORD_PROFILE = "mlps"
    assert not PastPassword.objects.exists()
    answer = change(client, "Horse-1-battery", "Horse-1-battery")
    assert "one of your last 5 passwords" in answer.content.decode()


def test_a_password_of_ninety_days_has_to_be_changed_before_anything_else(
    client: Client, person: User, mlps: None
):
    User.objects.filter(pk=person.pk).update(password_changed_at=timezone.now() - timedelta(days=89))
    assert client.get("/office/").status_code == 200
    User.objects.filter(pk=person.pk).update(password_changed_at=timezone.now() - timedelta(days=90))
    answer = client.get("/office/projects/?page=1")
    assert answer["Location"] == f"{CHANGE}?next=%2Foffice%2Fprojects%2F%3Fpage%3D1"
    page = client.get(answer["Location"])
    assert "Your password has expired" in page.content.decode()
    assert "90 days at the longest" in page.content.decode()
    form = {"oldpassword": PASSWORD, "password1": "Horse-1-battery", "password2": "Horse-1-battery"}
    led_on = client.post(CHANGE, {**form, "next": "/office/projects/?page=1"})
    assert led_on["Location"] == "/office/projects/?page=1"
    assert client.get("/office/").status_code == 200


def test_nothing_is_written_with_a_password_that_is_due(client: Client, person: User, mlps: None):
    User.objects.filter(pk=person.pk).update(password_changed_at=timezone.now() - timedelta(days=90))
    answer = client.post("/office/projects/add/", {"name": "x"}, headers={"referer": "http://testserver/x"})
    assert answer["Location"].startswith(CHANGE)
    assert client.post(reverse("account_logout")).status_code == 302


def test_a_password_that_an_administrator_set_is_changed_at_the_first_sign_in(person: User, mlps: None):
    office = Client()
    office.force_login(make_official(Role.SECURITY_ADMINISTRATOR, is_staff=True))
    form = {"password1": "Given-by-0ther", "password2": "Given-by-0ther", "usable_password": "true"}
    page = reverse("admin:auth_user_password_change", args=[person.pk])
    assert office.post(page, form).status_code == 302
    person.refresh_from_db()
    assert person.password_is_set_by_another
    theirs = Client(headers=ENGLISH)
    theirs.force_login(person)
    answer = theirs.get("/office/", follow=True)
    assert "Choose a password of your own first" in answer.content.decode()
    change(theirs, "My-0wn-battery", "Given-by-0ther")
    assert theirs.get("/office/").status_code == 200


def test_one_that_was_set_by_oneself_need_not_be_changed(client: Client, person: User, mlps: None):
    change(client, "My-0wn-battery")
    assert client.get("/office/").status_code == 200


def test_hashes_that_the_profile_does_not_ask_for_are_dropped(client: Client, person: User, settings: Any):
    settings.PASSWORD_PROFILE = "mlps"
    change(client, "My-0wn-battery")
    tidy()
    assert PastPassword.objects.exists()
    settings.PASSWORD_PROFILE = "asvs"
    tidy()
    assert not PastPassword.objects.exists()


# --- the settings themselves ---


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PASSWORD_PROFILE", "mild", "use asvs or mlps"),
        ("SESSION_IDLE_MINUTES", "0", "use 5 to 480"),
        ("SESSION_IDLE_MINUTES", "90", "longer than SESSION_HOURS"),
        ("SESSION_HOURS", "48", "use 1 to 24"),
        ("INVITATION_DAYS", "400", "use 1 to 30"),
    ],
)
def test_a_setting_that_makes_no_sense_refuses_to_start(name: str, value: str, said: str):
    environment = {**os.environ, "SESSION_HOURS": "1", name: value}
    ended = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=project.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert said in ended.stderr

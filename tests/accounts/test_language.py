"""The language switch, for this browser and for the mails of whoever is signed in."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.factories import make_enterprise_user

pytestmark = pytest.mark.django_db

SWITCH = "set_language"


def language_of(page) -> str:
    return page.content.decode().split('<html lang="')[1].split('"')[0]


def test_a_stranger_reads_chinese_unless_the_browser_asks_for_english(client: Client):
    page = reverse("account_login")
    assert language_of(client.get(page)) == "zh-Hans"
    assert language_of(client.get(page, headers={"accept-language": "en-GB,en"})) == "en"
    assert language_of(client.get(page, headers={"accept-language": "zh-CN,zh"})) == "zh-Hans"


def test_a_stranger_can_switch(client: Client):
    client.post(reverse(SWITCH), {"language": "en", "next": "/help/"})
    assert language_of(client.get("/help/")) == "en"
    client.post(reverse(SWITCH), {"language": "zh-hans", "next": "/help/"})
    assert language_of(client.get("/help/")) == "zh-Hans"


def test_a_person_reads_their_own_language_on_a_new_device(client: Client):
    client.force_login(make_enterprise_user(language="en"))
    assert language_of(client.get("/help/")) == "en"


def test_the_choice_of_a_person_is_kept_for_their_mails(client: Client):
    user = make_enterprise_user(language="zh-hans")
    client.force_login(user)
    client.post(reverse(SWITCH), {"language": "en", "next": "/my/"})
    user.refresh_from_db()
    assert user.language == "en"
    assert language_of(client.get("/my/")) == "en"


def test_the_switch_stays_on_the_page(client: Client):
    answer = client.post(reverse(SWITCH), {"language": "en", "next": "/my/projects/3/?cycle=2026-10-H2"})
    assert answer["Location"] == "/my/projects/3/?cycle=2026-10-H2"


@pytest.mark.parametrize(
    "page",
    ["https://evil.test/", "//evil.test/", "javascript:alert(1)", "\\\\evil.test", "", "http:///evil.test"],
)
def test_the_switch_leads_to_no_other_site(client: Client, page: str):
    assert client.post(reverse(SWITCH), {"language": "en", "next": page})["Location"] == "/"


@pytest.mark.parametrize("language", ["xx", "en\x00", "", "zh-hant", "../../etc"])
def test_an_unknown_language_changes_nothing(client: Client, language: str):
    user = make_enterprise_user(language="zh-hans")
    client.force_login(user)
    answer = client.post(reverse(SWITCH), {"language": language, "next": "/help/"})
    assert answer.status_code == 302
    assert settings.LANGUAGE_COOKIE_NAME not in answer.cookies
    user.refresh_from_db()
    assert user.language == "zh-hans"


def test_the_address_of_the_switch_leads_to_the_start(client: Client):
    assert client.get(reverse(SWITCH))["Location"] == "/"

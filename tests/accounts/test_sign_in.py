"""The way in: sign-in, forgotten passwords, and what is not offered."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests.factories import PASSWORD, make_enterprise_user, make_official
from tracker.accounts.models import User
from tracker.accounts.roles import Role

pytestmark = pytest.mark.django_db

ENGLISH = {"accept-language": "en"}
NEW_PASSWORD = "another-horse-battery"


def sign_in(client: Client, email: str, password: str = PASSWORD):
    return client.post(reverse("account_login"), {"login": email, "password": password}, headers=ENGLISH)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_an_address_is_the_same_however_it_is_typed(client: Client):
    make_official(email="Li@County.Test")
    sign_in(client, " LI@county.TEST ")
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("reader", "landing"),
    [
        (lambda: make_enterprise_user(email="somebody@firm.test"), "portal:home"),
        (lambda: make_official(email="somebody@firm.test"), "office:today"),
        (
            lambda: User.objects.create_superuser("somebody@firm.test", PASSWORD),
            "admin:index",
        ),
    ],
)
def test_each_person_lands_where_their_work_begins(client: Client, reader, landing: str):
    reader()
    assert sign_in(client, "somebody@firm.test")["Location"] == "/"
    assert client.get("/")["Location"] == reverse(landing)


def test_sign_in_leads_back_to_the_page_that_was_asked_for(client: Client):
    make_enterprise_user(email="firm@firm.test")
    page = reverse("portal:home")
    form = {"login": "firm@firm.test", "password": PASSWORD, "next": page}
    assert client.post(reverse("account_login"), form)["Location"] == page


def test_sign_in_leads_to_no_other_site(client: Client):
    make_enterprise_user(email="firm@firm.test")
    form = {"login": "firm@firm.test", "password": PASSWORD, "next": "https://evil.test/"}
    assert client.post(reverse("account_login"), form)["Location"] == "/"


def test_an_unknown_address_and_a_wrong_password_get_the_same_words(client: Client):
    make_official(email="li@county.test")
    wrong = sign_in(client, "li@county.test", "not-the-password").context["form"].errors
    unknown = sign_in(client, "nobody@county.test").context["form"].errors
    assert wrong == unknown
    assert wrong.get_json_data()["__all__"]
    assert not is_signed_in(client)


def test_a_wrong_password_is_told_in_a_summary_that_takes_the_focus(client: Client):
    page = sign_in(client, "nobody@county.test").content.decode()
    assert "There is a problem" in page
    assert "<title>Error:" in page
    assert "autofocus" in page


def test_hostile_text_at_sign_in_is_only_a_wrong_password(client: Client):
    for text in ("\x00", "' OR 1=1 --", "a" * 5000 + "@x.test", "<script>"):
        assert sign_in(client, text, text).status_code == 200
    assert not is_signed_in(client)


def test_a_closed_account_is_told_so_only_with_its_password(client: Client):
    make_official(email="gone@county.test", is_active=False)
    assert sign_in(client, "gone@county.test", "not-the-password").status_code == 200
    assert sign_in(client, "gone@county.test")["Location"] == reverse("account_inactive")
    assert not is_signed_in(client)


def test_signing_in_gives_the_session_a_new_name(client: Client):
    make_official(email="li@county.test")
    client.get(reverse("account_login"))
    session = client.session
    session["before"] = True
    session.save()
    client.cookies["sessionid"] = session.session_key
    sign_in(client, "li@county.test")
    assert client.session.session_key != session.session_key


def test_nobody_signs_up_by_themselves(client: Client):
    page = reverse("account_signup")
    form = {"email": "new@firm.test", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert "Accounts are given, not made" in client.get(page, headers=ENGLISH).content.decode()
    client.post(page, form)
    assert not User.objects.filter(email="new@firm.test").exists()


def test_nobody_adds_a_mail_address_by_themselves(client: Client):
    client.force_login(make_enterprise_user(email="firm@firm.test"))
    client.post(reverse("account_email"), {"action_add": "", "email": "victim@county.test"})
    assert not EmailAddress.objects.filter(email="victim@county.test").exists()


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(client: Client):
    make_official(email="li@county.test")
    answer = client.post(reverse("account_reset_password"), {"email": "LI@county.test"}, headers=ENGLISH)
    assert answer["Location"] == reverse("account_reset_password_done")
    [message] = mail.outbox
    assert message.to == ["li@county.test"]
    assert message.subject == "Choose a new password"
    [link] = re.findall(r"http://testserver(\S+)", message.body)
    form_page = client.get(link)["Location"]
    client.post(form_page, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    sign_in(client, "li@county.test", NEW_PASSWORD)
    assert is_signed_in(client)
    assert "no longer works" in Client().get(link, headers=ENGLISH).content.decode()


def test_asking_for_a_new_password_says_nothing_of_who_has_an_account(client: Client):
    make_official(email="li@county.test")
    page = reverse("account_reset_password")
    answers = [client.post(page, {"email": email}) for email in ("li@county.test", "nobody@county.test")]
    assert answers[0].status_code == answers[1].status_code == 302
    assert answers[0]["Location"] == answers[1]["Location"]
    assert [message.to for message in mail.outbox] == [["li@county.test"], ["nobody@county.test"]]
    assert "http" not in mail.outbox[1].body


@pytest.mark.parametrize("link", ["1-abc", "zzzzzzzzzzzzzz-abc", f"{'9' * 30}-abc"])
def test_a_made_up_link_leads_nowhere(client: Client, link: str):
    answer = client.get(f"/account/password/reset/key/{link}/", headers=ENGLISH)
    assert answer.status_code == 200
    assert "no longer works" in answer.content.decode()


@pytest.mark.parametrize("password", ["short", "password1234", "li@county.test"], ids=str)
def test_a_weak_password_is_refused(client: Client, password: str):
    user = make_official(email="li@county.test")
    client.force_login(user)
    form = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    assert client.post(reverse("account_change_password"), form).status_code == 200
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_changed_password_leads_on_to_the_start(client: Client):
    user = make_official()
    client.force_login(user)
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert client.post(reverse("account_change_password"), form)["Location"] == "/"
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    "name",
    [
        "account_login",
        "account_signup",
        "account_inactive",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key_done",
        "account_email_verification_sent",
    ],
)
def test_every_page_of_the_way_in_is_one_of_ours_in_both_languages(client: Client, name: str, language: str):
    page = client.get(reverse(name), headers={"accept-language": language}).content.decode()
    assert f'<html lang="{"en" if language == "en" else "zh-Hans"}">' in page
    assert 'class="page page--narrow"' in page
    assert page.count("<h1>") == 1


@pytest.mark.parametrize("name", ["account_change_password", "account_logout", "account_reauthenticate"])
def test_pages_about_ones_own_account_are_ours_too(client: Client, name: str):
    client.force_login(make_official(Role.LEADER))
    page = client.get(reverse(name)).content.decode()
    assert 'class="page page--narrow"' in page


def test_somebody_without_a_password_chooses_one(client: Client):
    user = make_official()
    user.set_unusable_password()
    user.save()
    client.force_login(user)
    page = client.get(reverse("account_set_password")).content.decode()
    assert 'class="page page--narrow"' in page


def test_signing_out_ends_the_visit(client: Client):
    client.force_login(make_official())
    client.post(reverse("account_logout"))
    assert not is_signed_in(client)


def test_a_mail_about_passwords_is_in_the_language_of_the_page(client: Client):
    make_official(email="li@county.test")
    client.post(
        reverse("account_reset_password"), {"email": "li@county.test"}, headers={"accept-language": "zh-hans"}
    )
    with translation.override("zh-hans"):
        assert mail.outbox[0].subject == translation.gettext("Choose a new password")

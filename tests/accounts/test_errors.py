"""Pages for what goes wrong: friendly, in both languages, with a way back."""

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation

from tests.factories import make_enterprise_user, make_official
from tracker.accounts.views import Help

ENGLISH = {"accept-language": "en"}


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_page_that_does_not_exist_says_so_and_leads_home(client: Client, language: str):
    answer = client.get("/nothing/", headers={"accept-language": language})
    assert answer.status_code == 404
    with translation.override(language):
        assert translation.gettext("This page does not exist") in answer.content.decode()
    assert 'href="/"' in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page",
    [
        f"/my/projects/{'9' * 30}/",
        "/my/projects/1%00/",
        "/my/projects/-1/",
        "/my/projects/1/?cycle=%00",
        "/my/projects/1/?cycle=2026-13-H1",
        "/my/projects/1/?cycle=' OR 1=1",
        "/my/projects/1/?cycle=9999-12-H2",
        "/my/%00/",
        "/../../etc/passwd",
    ],
)
def test_a_hostile_address_is_not_found(client: Client, page: str):
    client.force_login(make_enterprise_user())
    assert client.get(page).status_code == 404


@pytest.mark.django_db
def test_a_page_for_others_says_whose_role_it_is_not(client: Client):
    client.force_login(make_official(language="en"))
    answer = client.get("/my/")
    assert answer.status_code == 403
    assert "You are signed in as Inspector" in answer.content.decode()


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_refused_in_our_words():
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/account/login/", {"login": "li@county.test"}, headers=ENGLISH)
    assert answer.status_code == 403
    assert "The form was open too long" in answer.content.decode()


@pytest.mark.django_db
def test_a_request_for_another_host_is_refused_in_our_words(client: Client):
    answer = client.get("/help/", headers={**ENGLISH, "host": "evil.test"})
    assert answer.status_code == 400
    assert "This request cannot be understood" in answer.content.decode()
    assert "evil.test" not in answer.content.decode()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_for_our_own_faults_needs_no_database_and_no_request(language: str):
    with translation.override(language):
        page = render_to_string("500.html")
        assert translation.gettext("Something went wrong here") in page
    assert 'href="/"' in page


@pytest.mark.django_db
def test_a_fault_of_ours_shows_no_trace(monkeypatch: pytest.MonkeyPatch):
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Help, "get_context_data", fail)
    answer = Client(raise_request_exception=False).get("/help/", headers=ENGLISH)
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.content.decode()
    assert "secret detail" not in answer.content.decode()


@pytest.mark.django_db
def test_too_many_attempts_are_told_in_our_words(client: Client, settings):
    for _ in range(40):
        answer = client.post("/account/login/", {}, headers=ENGLISH)
    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()


@pytest.mark.django_db
def test_errors_of_signed_in_people_are_kept_by_no_cache(client: Client):
    client.force_login(make_enterprise_user())
    for page in ("/nothing/", "/office/", "/help/"):
        assert client.get(page)["Cache-Control"] == "private, no-store"

"""Through the authority's sign-in service come those who are known here, and nobody else."""

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import reverse

from config.checks import sign_in_service_is_reached_safely
from tests.accounts.factors import code_now, give_app
from tests.factories import PASSWORD, make_enterprise_user, make_official
from tests.services.openid import SignInService, signing_in
from tracker.accounts.models import User

pytestmark = pytest.mark.django_db

ENGLISH = {"accept-language": "en"}
LI = "li@county.test"
START = "single_sign_on"


@pytest.fixture(scope="module")
def running() -> Iterator[SignInService]:
    """One service for all tests here."""
    with signing_in() as service:
        yield service


@pytest.fixture
def service(running: SignInService, settings: Any) -> SignInService:
    """The service, and a product that is configured for it."""
    running.error = ""
    settings.OIDC_SERVER_URL, settings.OIDC_NAME = running.url, "县政务平台"
    settings.SOCIALACCOUNT_PROVIDERS = running.configuration()
    return running


@pytest.fixture
def li() -> User:
    """Somebody known here."""
    return make_official(email=LI)


def begin(client: Client, **form: str) -> str:
    """The address of the service to which the start leads."""
    page = client.post(reverse(START), form, headers=ENGLISH).content.decode()
    [there] = re.findall(r'<meta http-equiv="refresh" content="0; url=([^"]+)">', page)
    return html.unescape(there)


def way_back(there: str) -> str:
    """Where the service sends somebody who has signed in there."""
    return requests.get(there, allow_redirects=False, timeout=5).headers["Location"]


def go_through(client: Client, **form: str) -> Any:
    """The whole way."""
    return client.get(way_back(begin(client, **form)), headers=ENGLISH)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_person_known_here_comes_in(service: SignInService, li: User, client: Client):
    service.vouches_for("Li@County.test")
    assert go_through(client)["Location"] == "/"
    assert client.session["_auth_user_id"] == str(li.pk)


def test_the_password_still_works_and_nothing_of_the_service_is_kept(
    service: SignInService, li: User, client: Client
):
    service.vouches_for(LI)
    go_through(client)
    li.refresh_from_db()
    assert li.check_password(PASSWORD)
    assert not SocialAccount.objects.exists()


def test_it_leads_back_to_the_page_that_was_asked_for_and_to_no_other_site(
    service: SignInService, client: Client
):
    make_enterprise_user(email="firm@firm.test")
    service.vouches_for("firm@firm.test")
    assert go_through(client, next=reverse("portal:home"))["Location"] == reverse("portal:home")
    assert go_through(Client(), next="https://evil.test/")["Location"] == "/"


def test_the_start_proves_itself_and_asks_for_no_more_than_who_it_is(service: SignInService, client: Client):
    asked = parse_qs(urlsplit(begin(client)).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}
    assert len(asked["state"][0]) >= 16


def test_an_address_alone_starts_nothing(service: SignInService, client: Client):
    assert client.get(reverse(START))["Location"] == reverse("account_login")
    assert Client(enforce_csrf_checks=True).post(reverse(START)).status_code == 403


def test_nobody_signs_up_by_it(service: SignInService, client: Client):
    service.vouches_for("stranger@county.test")
    answer = go_through(client)
    assert answer.status_code == 403
    assert "no account here has your mail address" in answer.content.decode()
    assert not User.objects.filter(email="stranger@county.test").exists()
    assert not is_signed_in(client)


@pytest.mark.parametrize("verified", [False, None, "false", "true", 0, ""])
def test_an_address_that_is_not_verified_there_is_refused(
    service: SignInService, li: User, client: Client, verified: Any
):
    service.vouches_for(LI, email_verified=verified)
    answer = go_through(client)
    assert answer.status_code == 403
    assert "no mail address of yours that it has verified" in answer.content.decode()
    assert not is_signed_in(client)


def test_without_an_address_nobody_comes_in(service: SignInService, li: User, client: Client):
    service.vouches_for("")
    assert go_through(client).status_code == 403


def test_a_closed_account_stays_closed(service: SignInService, client: Client):
    make_official(email="gone@county.test", is_active=False)
    service.vouches_for("gone@county.test")
    assert go_through(client)["Location"] == reverse("account_inactive")
    assert not is_signed_in(client)


def test_the_second_factor_is_asked_for_as_ever(service: SignInService, li: User, client: Client):
    give_app(li)
    service.vouches_for(LI)
    assert go_through(client)["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_now()})
    assert is_signed_in(client)


def test_an_answer_that_was_begun_elsewhere_is_refused(service: SignInService, li: User, client: Client):
    service.vouches_for(LI)
    begin(client)
    foreign = way_back(begin(Client()))
    answer = client.get(foreign, headers=ENGLISH)
    assert answer.status_code == 403
    assert "broke off" in answer.content.decode()
    assert not is_signed_in(client)


def test_an_answer_works_once(service: SignInService, li: User, client: Client):
    service.vouches_for(LI)
    back = way_back(begin(client))
    client.get(back)
    client.post(reverse("account_logout"))
    assert client.get(back).status_code == 403
    assert not is_signed_in(client)


def test_a_code_of_another_start_fails_at_the_service(service: SignInService, li: User, client: Client):
    service.vouches_for(LI)
    state = parse_qs(urlsplit(begin(client)).query)["state"][0]
    stolen = parse_qs(urlsplit(way_back(begin(Client()))).query)["code"][0]
    page = reverse("openid_connect_callback", args=["oidc"])
    assert client.get(page, {"state": state, "code": stolen}).status_code == 403
    assert not is_signed_in(client)


@pytest.mark.parametrize("error", ["access_denied", "server_error"])
def test_what_goes_wrong_there_is_told_in_our_words(
    service: SignInService, li: User, client: Client, error: str
):
    service.error = error
    answer = go_through(client)
    assert answer.status_code == 403
    assert 'class="page page--narrow"' in answer.content.decode()


def test_a_service_that_is_away_is_told_in_our_words(service: SignInService, client: Client, settings: Any):
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = (
        "http://127.0.0.1:9"
    )
    answer = client.post(reverse(START), headers=ENGLISH)
    assert answer.status_code == 503
    assert "does not answer now" in answer.content.decode()


def test_it_links_no_identity_to_whoever_is_signed_in(service: SignInService, li: User, client: Client):
    client.force_login(li)
    service.vouches_for("stranger@county.test")
    assert go_through(client).status_code == 403
    assert not SocialAccount.objects.exists()


def test_the_button_stands_there_only_where_a_service_is_configured(client: Client, settings: Any):
    page = reverse("account_login")
    assert "县政务平台" not in client.get(page).content.decode()
    settings.OIDC_SERVER_URL, settings.OIDC_NAME = "https://id.example", "县政务平台"
    assert "县政务平台" in client.get(page).content.decode()


def test_without_a_service_there_is_nothing_to_start_and_nothing_to_come_back_to(client: Client):
    assert client.post(reverse(START))["Location"] == reverse("account_login")
    assert client.get(reverse("openid_connect_callback", args=["oidc"])).status_code == 404
    assert client.get(reverse("openid_connect_callback", args=["another"])).status_code == 404


def test_a_deployment_reaches_the_service_over_https(settings: Any):
    assert sign_in_service_is_reached_safely(None) == []
    settings.OIDC_SERVER_URL = "http://id.example"
    assert [error.id for error in sign_in_service_is_reached_safely(None)] == ["jigai.E020"]

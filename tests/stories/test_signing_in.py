"""Signing in as people do it: with an app, a key, a passkey, a mailed code, or the authority's service."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.accounts.factors import code_now, give_app
from tests.factories import PASSWORD, make_official
from tests.services.browser import DESKTOP, PHONE, visitor
from tests.services.openid import signing_in
from tests.stories.test_accessibility import let_in, look, violations
from tracker.accounts.models import User
from tracker.accounts.second_factors.queries import factors_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LI = "li@county.test"
TODAY = re.compile(r"/office/$")
ALL_AT_ONCE: dict[str, Any] = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def li() -> User:
    """An official who reads English."""
    return make_official(email=LI, language="en")


@pytest.fixture
def page(english_desktop: BrowserContext) -> Page:
    """Their browser."""
    return english_desktop.new_page()


def sign_in(page: Page) -> None:
    page.goto("/account/login/")
    page.locator("input[name=login]").fill(LI)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button").first.click()


def sign_out(page: Page) -> None:
    page.goto("/account/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("/account/login/"))


@contextmanager
def clock(at: float) -> Iterator[None]:
    """The half-minutes of codes stand still at a moment, so that a test need not wait for the next one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("allauth.mfa.totp.internal.auth.time.time", lambda: at)
        yield


def plug_in_key(page: Page) -> None:
    """A key of the browser itself, which is touched as soon as it is asked for."""
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    wire.send("WebAuthn.addVirtualAuthenticator", {"options": ALL_AT_ONCE})


def test_an_app_is_set_up_and_asked_for(page: Page, li: User, settings: Any):
    settings.SECOND_FACTOR_REQUIRED = True
    now = time.time()
    with clock(now):
        sign_in(page)
        expect(page.get_by_text("Your role needs a second factor")).to_be_visible()
        page.get_by_role("link", name="Set up an app").click()
        picture = page.locator("img.qr")
        assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
        secret = page.locator("code.secret").inner_text().replace(" ", "")
        page.get_by_label("Code that the app shows").fill(code_now(secret))
        page.get_by_role("button", name="Set up").click()
        page.get_by_role("link", name="Make recovery codes").click()
        page.get_by_role("button", name="Make new codes").click()
        recovery = page.locator(".codes code").all_inner_texts()
        page.get_by_role("link", name="I have kept them").click()
        expect(page).to_have_url(TODAY)
        sign_out(page)
    with clock(now + 30):
        sign_in(page)
        page.get_by_label("Code").fill(code_now(secret))
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(TODAY)
        sign_out(page)
        sign_in(page)
        page.get_by_label("Code").fill(recovery[0])
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(TODAY)


def test_a_security_key_is_added_and_asked_for(page: Page, li: User):
    plug_in_key(page)
    sign_in(page)
    expect(page).to_have_url(TODAY)
    page.goto("/account/second-factors/webauthn/add/")
    page.get_by_label("Name of the key").fill("蓝色钥匙")
    page.get_by_role("button", name="Add the key").click()
    expect(page.get_by_text("蓝色钥匙")).to_be_visible()
    assert factors_of(li).count() == 1
    sign_out(page)
    sign_in(page)
    page.get_by_role("button", name="Use my key").click()
    expect(page).to_have_url(TODAY)
    page.goto("/account/second-factors/webauthn/")
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove the key").click()
    expect(page.get_by_text("You have added no key")).to_be_visible()


def test_a_passkey_alone_lets_in(page: Page, li: User, settings: Any):
    settings.SECOND_FACTOR_REQUIRED = True
    plug_in_key(page)
    sign_in(page)
    page.get_by_role("link", name="Add a key").click()
    page.get_by_label("As a passkey").check()
    # The return key in the name's field is the button.
    page.get_by_label("Name of the key").press("Enter")
    expect(page.get_by_role("link", name="Rename or remove keys")).to_be_visible()
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(TODAY)


def test_a_key_that_is_not_known_here_is_told_in_words(page: Page, li: User):
    plug_in_key(page)
    page.goto("/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("The key was not used")).to_be_visible()


def test_under_a_bare_address_keys_are_not_offered(page: Page, live_server: Any, li: User):
    page.goto(live_server.url.replace("localhost", "127.0.0.1") + "/account/login/")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()


def test_a_mailed_code_lets_in_who_is_locked_out(page: Page, li: User):
    give_app(li)
    for _ in range(5):
        page.goto("/account/login/")
        page.get_by_label("Email").fill(LI)
        page.get_by_label("Password", exact=True).fill("wrong")
        page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Too many attempts")).to_be_visible()
    page.get_by_role("link", name="Sign in by mail").click()
    page.get_by_label("Email").fill(LI)
    page.get_by_role("button", name="Send the code").click()
    expect(page.get_by_role("heading", name="Type the code")).to_be_visible()
    [code] = re.findall(r"^([B-Z]{4}-[B-Z]{4})$", mail.outbox[0].body, re.MULTILINE)
    page.get_by_label("Code from the mail").fill(code)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Code").fill(code_now())
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(TODAY)


def test_the_authoritys_service_lets_in(page: Page, li: User, settings: Any):
    with signing_in() as service:
        settings.OIDC_SERVER_URL, settings.OIDC_NAME = service.url, "县政务平台"
        settings.SOCIALACCOUNT_PROVIDERS = service.configuration()
        service.vouches_for(LI)
        page.goto("/account/login/")
        page.get_by_role("button", name="Sign in with 县政务平台").click()
        expect(page).to_have_url(TODAY)


@pytest.mark.parametrize(
    ("device", "locale", "language", "scheme"),
    [(PHONE, "zh-CN", "zh-hans", "light"), (DESKTOP, "en-GB", "en", "dark")],
    ids=["phone", "desktop"],
)
@pytest.mark.timeout(300)
def test_the_pages_of_signing_in_are_for_everybody(
    browser: Browser, live_server: Any, device: dict[str, Any], locale: str, language: str, scheme: Any
):
    person = make_official(email=LI, language=language)
    with visitor(browser, live_server.url, device, locale) as context:
        page = context.new_page()
        page.emulate_media(color_scheme=scheme)
        faults = []

        def look_at(*paths: str) -> None:
            for path in paths:
                faults.extend(f"{path}: {fault}" for fault in look(page, path, language) + violations(page))

        look_at("/account/login/", "/account/login/code/")
        page.locator("input[name=login], input[name=email]").fill(LI)
        page.locator("main form button").first.click()
        look_at("/account/login/code/confirm/")
        page.context.clear_cookies()
        let_in(context, person, language, live_server.url)
        mine = "/account/second-factors/"
        look_at(mine)
        page.goto("/account/reauthenticate/")
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("main form button").first.click()
        plug_in_key(page)
        look_at(f"{mine}totp/activate/", f"{mine}webauthn/add/")
        page.locator("#add-key").click()
        page.wait_for_url(re.compile("second-factors/$"))
        give_app(person)
        [key] = factors_of(person).filter(type="webauthn")
        look_at(
            mine,
            f"{mine}webauthn/",
            f"{mine}webauthn/keys/{key.pk}/edit/",
            f"{mine}webauthn/keys/{key.pk}/remove/",
            f"{mine}totp/deactivate/",
            f"{mine}recovery-codes/",
            f"{mine}reauthenticate/",
            f"{mine}webauthn/reauthenticate/",
        )
        page.context.clear_cookies()
        sign_in(page)
        page.wait_for_url(re.compile("second-factors/authenticate/$"))
        look_at(f"{mine}authenticate/")
    assert not faults, "\n".join(faults)

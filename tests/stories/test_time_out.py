"""The end of a session as somebody at a page meets it: a warning, one key to stay, nothing typed is lost."""

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from tests.factories import PASSWORD, make_county, make_official, make_project
from tracker.accounts.invitations import invite
from tracker.accounts.models import User, Visit
from tracker.accounts.roles import Role
from tracker.mailing.models import Message

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TYPED = "王虚构"
FIELD = "[name=responsible_name]"
DIALOG = "dialog[open]"


@pytest.fixture
def inspector() -> User:
    return make_official(email="li@county.test", language="en")


@pytest.fixture
def form(inspector: User) -> str:
    """The address of a page on which much is typed."""
    return reverse("office:edit_project", args=[make_project(inspector=inspector).pk])


def sign_in(page: Page, email: str) -> None:
    page.fill("[name=login]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.button")
    page.wait_for_url(lambda address: "login" not in address)


def at_the_form(context: BrowserContext, form: str, email: str = "li@county.test") -> Page:
    """The person has the form open and has typed something."""
    page = context.new_page()
    page.clock.install()
    page.goto(form)
    sign_in(page, email)
    page.fill(FIELD, TYPED)
    return page


def pass_time(page: Page, so_long: timedelta) -> None:
    """So much later, for the server as for the page."""
    for visit in Visit.objects.all():
        visit.last_seen_at -= so_long
        visit.signed_in_at -= so_long
        visit.save()
    page.clock.fast_forward(int(so_long.total_seconds() * 1000))


def kept(page: Page) -> dict[str, Any]:
    return page.evaluate("() => ({...sessionStorage})")


def faults(page: Page) -> list[str]:
    """What a checker of accessibility finds wrong, and whether the page is wider than the screen."""
    standard = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "preload": False}
    found = [one["id"] for one in Axe().run(page, options=standard).response["violations"]]
    is_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [*found, *(["wide"] if is_wide else [])]


NEARLY = timedelta(minutes=28, seconds=5)
THE_REST = timedelta(minutes=2)


def test_somebody_who_is_there_stays_with_one_key(english_desktop: BrowserContext, form: str):
    page = at_the_form(english_desktop, form)
    pass_time(page, NEARLY)
    dialog = page.locator(DIALOG)
    expect(dialog).to_contain_text("You will soon be signed out")
    expect(dialog.locator("[data-countdown]")).to_contain_text("1 min")
    expect(dialog.get_by_role("button", name="Stay signed in")).to_be_focused()
    with page.expect_response("**/account/session/"):
        page.keyboard.press("Enter")
    expect(page.locator(DIALOG)).to_have_count(0)
    assert timezone.now() - Visit.objects.get().last_seen_at < timedelta(minutes=1)
    expect(page.locator(FIELD)).to_have_value(TYPED)
    pass_time(page, timedelta(minutes=20))
    page.reload()
    expect(page.locator("[data-offer]")).to_be_hidden()


def test_escape_stays_too(english_desktop: BrowserContext, form: str):
    page = at_the_form(english_desktop, form)
    pass_time(page, NEARLY)
    expect(page.locator(DIALOG)).to_be_visible()
    with page.expect_response("**/account/session/"):
        page.keyboard.press("Escape")
    expect(page.locator(DIALOG)).to_have_count(0)
    assert timezone.now() - Visit.objects.get().last_seen_at < timedelta(minutes=1)


def test_a_page_of_an_earlier_sign_in_is_made_fresh_and_loses_nothing(
    english_desktop: BrowserContext, form: str
):
    page = at_the_form(english_desktop, form)
    pass_time(page, NEARLY)
    expect(page.locator(DIALOG)).to_be_visible()
    english_desktop.clear_cookies(name=settings.CSRF_COOKIE_NAME)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Put it back").click()
    expect(page.locator(FIELD)).to_have_value(TYPED)


def test_a_server_that_does_not_answer_is_said(english_desktop: BrowserContext, form: str):
    page = at_the_form(english_desktop, form)
    pass_time(page, NEARLY)
    expect(page.locator(DIALOG)).to_be_visible()
    english_desktop.route("**/account/session/", lambda route: route.abort())
    page.keyboard.press("Enter")
    expect(page.locator(DIALOG)).to_contain_text("The server did not answer. Try again.")


def test_what_was_typed_is_offered_after_signing_in_again(english_desktop: BrowserContext, form: str):
    page = at_the_form(english_desktop, form)
    pass_time(page, NEARLY)
    expect(page.locator(DIALOG)).to_be_visible()
    pass_time(page, THE_REST)
    page.wait_for_url("**/account/login/**")
    expect(page.locator("main")).to_contain_text("nothing was done for 30 minutes")
    expect(page.locator("main")).to_contain_text("What you had typed is kept")
    assert PASSWORD not in str(kept(page))
    sign_in(page, "li@county.test")
    assert form in page.url
    expect(page.locator(FIELD)).to_have_value("")
    page.get_by_role("button", name="Put it back").click()
    expect(page.locator(FIELD)).to_have_value(TYPED)
    page.reload()
    expect(page.locator("[data-offer]")).to_be_hidden()


def test_what_was_sent_too_late_is_offered_as_well(english_desktop: BrowserContext, form: str):
    page = at_the_form(english_desktop, form)
    Visit.objects.update(last_seen_at=timezone.now() - timedelta(minutes=31))
    page.locator("main form button.button").first.click()
    page.wait_for_url("**/account/login/**")
    sign_in(page, "li@county.test")
    page.get_by_role("button", name="Put it back").click()
    expect(page.locator(FIELD)).to_have_value(TYPED)


def test_another_person_does_not_see_it(english_desktop: BrowserContext, form: str):
    make_official(Role.TEAM_LEAD, email="lead@county.test", language="en")
    page = at_the_form(english_desktop, form)
    pass_time(page, NEARLY + THE_REST)
    page.wait_for_url("**/account/login/**")
    assert TYPED in str(kept(page))
    sign_in(page, "lead@county.test")
    expect(page.locator(FIELD)).to_have_value("")
    expect(page.locator("[data-offer]")).to_be_hidden()
    assert TYPED not in str(kept(page))


def test_signing_out_leaves_nothing_typed_behind(english_desktop: BrowserContext, form: str):
    page = at_the_form(english_desktop, form)
    pass_time(page, NEARLY)
    expect(page.locator(DIALOG)).to_be_visible()
    assert TYPED in str(kept(page))
    page.evaluate("document.querySelector('dialog').close()")
    page.locator(".menu summary").click()
    page.locator(".menu").get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda address: form not in address)
    assert TYPED not in str(kept(page))


def test_without_the_script_what_was_typed_is_gone(english_desktop: BrowserContext, form: str):
    """The control: it is the script that keeps it, not the browser or the server."""
    english_desktop.route("**/session.js", lambda route: route.abort())
    page = at_the_form(english_desktop, form)
    pass_time(page, NEARLY + THE_REST)
    expect(page.locator(DIALOG)).to_have_count(0)
    page.locator("main form button.button").first.click()
    page.wait_for_url("**/account/login/**")
    expect(page.locator("main")).to_contain_text("nothing was done for 30 minutes")
    sign_in(page, "li@county.test")
    assert form in page.url
    expect(page.locator(FIELD)).to_have_value("")
    expect(page.locator("[data-offer]")).to_be_hidden()
    assert TYPED not in str(kept(page))


def test_work_in_one_tab_keeps_the_other_from_warning(english_desktop: BrowserContext, form: str):
    page = at_the_form(english_desktop, form)
    pass_time(page, timedelta(minutes=20))
    other = english_desktop.new_page()
    other.goto(reverse("office:today"))
    page.clock.fast_forward("08:05")
    # Asked after the page has asked: by the time this is answered, the page knows as well.
    left = page.evaluate("""() => fetch("/account/session/", {headers: {"X-Background": "yes"}})
      .then((answer) => answer.json())""")
    assert left["idle"] > 1700
    expect(page.locator(DIALOG)).to_have_count(0)
    # The control: once nobody works in the other tab either, the warning comes.
    pass_time(page, NEARLY)
    expect(page.locator(DIALOG)).to_be_visible()


def test_staying_in_one_tab_closes_the_warning_of_the_other(english_desktop: BrowserContext, form: str):
    page = at_the_form(english_desktop, form)
    pass_time(page, NEARLY)
    expect(page.locator(DIALOG)).to_be_visible()
    other = english_desktop.new_page()
    other.goto(reverse("office:today"))
    expect(page.locator(DIALOG)).to_have_count(0)


def test_before_the_longest_time_it_says_to_sign_in_again(english_desktop: BrowserContext, form: str):
    page = at_the_form(english_desktop, form)
    Visit.objects.update(signed_in_at=timezone.now() - timedelta(hours=11, minutes=58, seconds=5))
    page.reload()
    page.fill(FIELD, TYPED)
    dialog = page.locator(DIALOG)
    expect(dialog).to_contain_text("After 12 hours one has to sign in again")
    expect(dialog.get_by_role("button", name="Stay signed in")).to_be_hidden()
    dialog.get_by_role("button", name="Not yet").click()
    expect(page.locator(DIALOG)).to_have_count(0)
    page.reload()
    page.evaluate(f"document.querySelector('{FIELD}').value = '{TYPED}'")
    page.locator(DIALOG).get_by_role("button", name="Sign in again now").click()
    page.wait_for_url("**/account/login/**")
    expect(page.locator("main")).to_contain_text("Sign in again to go on")
    sign_in(page, "li@county.test")
    page.get_by_role("button", name="Put it back").click()
    expect(page.locator(FIELD)).to_have_value(TYPED)


def test_the_warning_and_the_list_of_sessions_are_for_everybody(phone: BrowserContext, form: str):
    page = at_the_form(phone, form)
    assert faults(page) == []
    pass_time(page, NEARLY)
    expect(page.locator(DIALOG)).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("Enter")
    expect(page.locator(DIALOG)).to_have_count(0)
    page.goto(reverse("sessions"))
    assert faults(page) == []


def test_an_invitation_is_for_everybody(phone: BrowserContext):
    facts = {"role": Role.INSPECTOR, "division": make_county(), "name": "新人"}
    newcomer = User.objects.create_user("new@county.test", **facts)
    invite(newcomer, by=make_official(Role.SECURITY_ADMINISTRATOR), now=timezone.now())
    page = phone.new_page()
    page.goto("/account/invitation/" + Message.objects.get().text.split("/account/invitation/")[1].split()[0])
    assert faults(page) == []
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.click("main button.button")
    page.wait_for_url("**/office/")
    page.goto("/account/invitation/made-up/")
    assert faults(page) == []

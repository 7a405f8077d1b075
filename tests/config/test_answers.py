"""Every answer protects its reader, whoever gives it and whatever went wrong."""

import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.addresses import all_addresses
from tests.factories import PASSWORD, make_enterprise_user, make_official
from tests.faults.test_attacks import NOW, World
from tracker.accounts.roles import Role
from tracker.accounts.views import Help

# Heads of answers follow from settings and middleware, not from the database.
pytestmark = [pytest.mark.django_db, pytest.mark.once]

# What each header has to say, and where.
EXPECTED = {
    "Content-Security-Policy": r"^(?=.*default-src 'self')(?=.*object-src 'none')(?=.*base-uri 'none')"
    r"(?=.*frame-ancestors 'none')(?=.*form-action 'self')(?!.*unsafe)(?!.*\*).*$",
    "Strict-Transport-Security": r"^max-age=63072000; includeSubDomains; preload$",
    "X-Content-Type-Options": r"^nosniff$",
    "X-Frame-Options": r"^DENY$",
    "Referrer-Policy": r"^same-origin$",
    "Cross-Origin-Opener-Policy": r"^same-origin$",
    "Cross-Origin-Resource-Policy": r"^same-origin$",
    "Permissions-Policy": r"camera=\(\), .*geolocation=\(\), .*microphone=\(\)",
    "Cache-Control": r"(no-store.*private|private.*no-store)",
}
KEPT_BY_CACHES = {"Cache-Control": r"^max-age=\d+, public"}


@pytest.fixture(autouse=True)
def _deployed(settings: Any) -> Iterator[None]:
    settings.SECURE_HSTS_SECONDS = 63072000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SECURE_SSL_REDIRECT = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.LANGUAGE_COOKIE_SECURE = True
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


class Browser(Client):
    """A browser over TLS that keeps every answer it gets, and takes a fault as a visitor would."""

    def __init__(self, *, over_tls: bool = True, **options: Any) -> None:
        super().__init__(raise_request_exception=False, **options)
        self.over_tls = over_tls
        self.seen: list[tuple[str, HttpResponse]] = []

    def generic(self, method: str, path: str, *args: Any, **options: Any) -> Any:
        answer = super().generic(method, path, *args, **{**options, "secure": self.over_tls})
        self.seen.append((f"{method} {path} {answer.status_code}", answer))
        return answer


def missing(seen: list[tuple[str, HttpResponse]], **other: str) -> list[str]:
    """What was asked, and which header its answer lacks or has wrong."""
    return [
        f"{asked}: {name} {answer.get(name)}"
        for asked, answer in seen
        for name, expected in {**EXPECTED, **other}.items()
        if not re.search(expected, answer.get(name, ""))
    ]


def browser_of(reader: str, world: World) -> Browser:
    browser = Browser()
    if reader == Role.ENTERPRISE:
        browser.force_login(make_enterprise_user(world.enterprise))
    elif reader != "stranger":
        browser.force_login(make_official(reader, world.county))
    return browser


def test_every_answer_of_every_address_to_every_reader_is_protected():
    world = World()
    seen = []
    for reader in ["stranger", *Role]:
        browser = browser_of(reader, world)
        for address in all_addresses():
            if "logout" in address.name:
                continue
            browser.get(address.filled())
            if reader in {"stranger", Role.TEAM_LEAD}:
                browser.post(address.filled())
                browser.put(address.filled())
            cache.clear()
        seen += browser.seen
    assert missing(seen) == []
    kinds = Counter(answer.status_code for _asked, answer in seen)
    assert len(seen) >= 300
    assert {200, 302, 403, 404, 405} <= set(kinds)


def test_what_exists_is_protected_too():
    world = World()
    lead = browser_of(Role.TEAM_LEAD, world)
    for address in all_addresses():
        for pk in world.ids.values():
            if set(address.examples) == {"pk"} and not address.name.startswith("admin:"):
                lead.get(address.filled(pk=str(pk)))
    files = [answer for _asked, answer in lead.seen if "attachment" in answer.get("Content-Disposition", "")]
    assert sum(answer.status_code == 200 for _asked, answer in lead.seen) >= 5
    assert files or lead.get(reverse("office:projects"), {"format": "xlsx"})
    assert missing(lead.seen) == []


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch, settings: Any) -> dict[str, Browser]:
    """One browser for each kind of error, which has just met it."""
    settings.LARGEST_REQUEST = 100_000
    browsers = {name: Browser() for name in ("400", "400 host", "403", "404", "405", "413", "429", "500")}
    browsers["403 token"] = Browser(enforce_csrf_checks=True)
    browsers["403"].force_login(make_enterprise_user())
    browsers["403"].get("/office/")
    browsers["400 host"].get("/help/", headers={"host": "evil.test"})
    browsers["400"].post(
        "/account/login/",
        "&".join(f"a{number}=1" for number in range(1500)),
        content_type="application/x-www-form-urlencoded",
    )
    browsers["403 token"].post("/account/login/", {"login": "li@county.test"})
    browsers["404"].get("/nothing/")
    browsers["404"].get("/static/nothing.css")
    browsers["404"].get("/%00")
    browsers["405"].put("/help/")
    browsers["413"].post("/account/login/", {"file": io.BytesIO(b"x" * 150_000)})
    for _ in range(40):
        browsers["429"].post("/account/login/", {})
    browsers["429"].seen = browsers["429"].seen[-1:]
    monkeypatch.setattr(Help, "get_context_data", lambda *args, **kwargs: 1 / 0)
    browsers["500"].get("/help/")
    return browsers


def test_every_kind_of_error_is_protected(faults: dict[str, Browser]):
    for name, browser in faults.items():
        assert {answer.status_code for _asked, answer in browser.seen} == {int(name[:3])}, name
        assert missing(browser.seen) == [], name


def test_what_is_too_large_is_heard_out_and_refused_in_our_words(faults: dict[str, Browser]):
    [(_asked, answer)] = faults["413"].seen
    assert "内容未读取，也未保存。" in answer.content.decode()
    assert answer.wsgi_request.read() == b""


def test_a_file_is_protected_and_may_be_kept(settings: Any):
    browser = Browser()
    for name in ("app.css", "keys.js", "icon.svg", "admin/css/base.css"):
        assert browser.get(f"/static/{name}").status_code == 200
    browser.get("/static/app.css", headers={"if-modified-since": "Wed, 01 Jan 2098 00:00:00 GMT"})
    assert browser.seen[-1][1].status_code == 304
    assert missing(browser.seen, **KEPT_BY_CACHES) == []
    assert not any("Access-Control-Allow-Origin" in answer for _asked, answer in browser.seen)


def test_without_tls_there_is_nothing_but_the_way_to_it():
    browser = Browser(over_tls=False)
    browser.get("/help/?a=1")
    [(asked, answer)] = browser.seen
    assert (asked, answer["Location"]) == ("GET /help/?a=1 301", "https://testserver/help/?a=1")
    # A browser takes this one over TLS only.
    assert missing(browser.seen, **{"Strict-Transport-Security": "^$"}) == []


def test_every_cookie_is_bound_to_this_site():
    person = make_official()
    browser = Browser()
    browser.get("/account/login/")
    browser.post("/account/login/", {"login": person.email, "password": PASSWORD})
    browser.post("/language/", {"language": "en"})
    browser.post("/account/logout/")
    set_here = [morsel for _asked, answer in browser.seen for morsel in answer.cookies.values()]
    assert {morsel.key for morsel in set_here} >= {
        configured.SESSION_COOKIE_NAME,
        configured.CSRF_COOKIE_NAME,
        configured.LANGUAGE_COOKIE_NAME,
    }
    for morsel in set_here:
        if morsel.value:
            assert (morsel["secure"], morsel["httponly"], morsel["samesite"]) == (True, True, "Lax"), (
                morsel.key
            )
        assert (morsel["path"], morsel["domain"]) == ("/", ""), morsel.key


@pytest.mark.parametrize("dropped", ["config.answers.protected", "csp.middleware.CSPMiddleware"])
def test_control_an_answer_without_one_of_them_is_noticed(settings: Any, dropped: str):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != dropped]
    browser = Browser()
    browser.get("/help/", headers={"host": "evil.test"})
    browser.get("/static/app.css")
    assert len({line.split(": ")[0] for line in missing(browser.seen, **KEPT_BY_CACHES)}) == 2


def test_control_where_django_would_put_it_files_lack_the_policy(settings: Any):
    others = [name for name in settings.MIDDLEWARE if not name.startswith("csp.")]
    settings.MIDDLEWARE = [*others, "csp.middleware.CSPMiddleware"]
    browser = Browser()
    browser.get("/static/app.css")
    assert [line.split(": ")[1].split()[0] for line in missing(browser.seen, **KEPT_BY_CACHES)] == [
        "Content-Security-Policy"
    ]

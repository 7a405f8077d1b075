"""Whatever is sent to whichever address by whomever, the product answers; it never breaks.

On SQLite everybody asks for everything. On PostgreSQL, where only what reaches the database can differ, the
one reader asks whose pages ask most of it, and an address that leads nowhere is asked for by nobody.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import product
from typing import Any
from urllib.parse import quote, unquote

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import Resolver404, resolve

from config.wsgi import application
from tests.addresses import Address, all_addresses
from tests.factories import make_enterprise_user, make_official
from tests.faults.world import NOW, World
from tracker.accounts.models import User
from tracker.accounts.roles import Role

ADDRESSES = all_addresses()
READERS = [
    pytest.param("stranger", marks=pytest.mark.once),
    pytest.param(Role.ENTERPRISE, marks=pytest.mark.once),
    Role.TEAM_LEAD,
    pytest.param(Role.SYSTEM_ADMINISTRATOR, marks=pytest.mark.once),
]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_warnings_in_the_log")]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(scope="module")
def built(build_once: Callable[[Callable[[], World]], World]) -> World:
    with time_machine.travel(NOW, tick=False):
        return build_once(World)


@pytest.fixture
def world(built: World) -> World:
    return deepcopy(built)


def browser_of(reader: str, world: World) -> Client:
    """Somebody of this role in the county, or nobody; a fault shows as the 500 that a visitor would get."""
    # Attempts to sign in are counted there, and the clock stands still.
    cache.clear()
    browser = Client(raise_request_exception=False)
    if reader != "stranger":
        browser.force_login(person_of(reader, world))
    return browser


def person_of(reader: str, world: World) -> User:
    if reader == Role.ENTERPRISE:
        return make_enterprise_user(world.enterprise)
    return make_official(reader, world.county)


def stays(address: Address) -> bool:
    """Whether the reader is still signed in after asking for it."""
    return "logout" not in address.name


def leads_somewhere(page: str) -> bool:
    """Whether a page answers there, rather than the tree of addresses itself."""
    try:
        resolve(unquote(page))
    except Resolver404:
        return False
    return True


def broken(answers: Iterator[tuple[Any, ...]]) -> list[Any]:
    """What was sent where the answer was a fault of ours."""
    return [what for *what, answer in answers if answer.status_code >= 500]


def test_the_tree_is_walked_whole():
    names = {address.name for address in ADDRESSES}
    assert len(ADDRESSES) > 60
    assert {"home", "office:today", "portal:home", "account_login", "admin:tracker_user_change"} <= names


WORDS = [
    *("0", "-1", "9" * 15, "9" * 30, "9" * 3000, "１", "1e3", "0x1", "1.0"),
    *(
        "%00",
        "1%00",
        "%FF%FE",
        "%ED%A0%80",
        "%C0%AF",
        "..%2F..%2Fetc%2Fpasswd",
        "%0d%0aX-Evil:%201",
        "%25s",
        "%7B%7D",
    ),
    *("2026-13-H1", "2026-10-H3", "9999-12-H2", "0000-00", "2099-12-H2", "2000-01-H1", "2000-01", "2099-12"),
    quote("项" * 400),
]


@pytest.mark.parametrize("reader", READERS)
def test_no_word_within_an_address_breaks_a_page(reader: str, world: World):
    browser = browser_of(reader, world)

    def answers() -> Iterator[tuple[Any, ...]]:
        for address in filter(stays, ADDRESSES):
            for place, word in product(address.examples, WORDS):
                page = address.filled(**{place: word})
                if connection.vendor == "postgresql" and not leads_somewhere(page):
                    continue
                yield page, browser.get(page)
                if word == "9" * 15:
                    yield "POST", page, browser.post(page)

    assert broken(answers()) == []


QUERIES = [
    "%00=%00&%FF=%FF&%ED%A0%80=%ED%A0%80&=&&&%&%zz=%u1234",
    "a" * 8000,
    "&".join(f"a{number}=1" for number in range(1500)),
    "&".join(
        f"{name}=%00" for name in ("next", "page", "sort", "q", "cycle", "county", "o", "p", "_popup", "e")
    ),
    "&".join(
        f"{name}={'9' * 400}" for name in ("page", "per_page", "o", "p", "attachment", "correct", "person")
    ),
]
# The administration's own: orders, filters, ways back, look-ups through tables.
ADMIN_QUERIES = [
    *("q=%00", "q=" + "%F0%9F%8F%AD" * 500, "o=9.-9.x", "p=-1", "all=%00", "e=1"),
    *("_to_field=password", "_popup=%00", "password__startswith=p", "division__path__startswith=%00"),
    *(
        "id__in=x",
        "pk__isnull=maybe",
        "role__exact=%00",
        "is_active__exact=x",
        "level__exact=x",
        "kind__exact=%00",
    ),
    *("_changelist_filters=%00", "county__id__exact=" + "9" * 30, "date__year=x", "date__gte=x&date__lt=%00"),
    "app_label=tracker&model_name=user&field_name=%00",
    "app_label=x&model_name=y&field_name=z&term=%00",
]


def opened(browser: Client) -> list[str]:
    """The pages that answer this reader with more than a way elsewhere."""
    pages = [address.filled() for address in filter(stays, ADDRESSES)]
    return [page for page in pages if browser.get(page).status_code not in {302, 403, 404}]


@pytest.mark.parametrize("reader", READERS)
def test_no_query_breaks_a_page(reader: str, world: World):
    browser = browser_of(reader, world)
    mine = opened(browser)
    # Adding and changing in the administration read the same query as its lists.
    lists = [page for page in mine if page.startswith("/admin/") and not page.endswith(("/add/", "/change/"))]
    asked = [*product(mine, QUERIES), *product(lists, ADMIN_QUERIES)]
    asked += [(address.filled(), QUERIES[0]) for address in filter(stays, ADDRESSES)]
    assert broken((page, query, browser.get(f"{page}?{query}")) for page, query in asked) == []


MULTIPART = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n--x--\r\n'
BODIES = [
    ("application/x-www-form-urlencoded", b"\x00=\x00&%00=%00&a=%FF"),
    ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % number for number in range(1500))),
    ("application/x-www-form-urlencoded; charset=nothing", b"a=1"),
    ("application/x-www-form-urlencoded; charset=base64", b"a=1"),
    ("application/x-www-form-urlencoded; charset=utf-16", b"a=1"),
    ("application/json", b"{"),
    ("application/json", b"[" * 20_000),
    ("application/json; charset=nothing", b"{}"),
    ("text/\x00", b"\x00"),
    ("x" * 3000, b"x"),
    (MULTIPART, b""),
    (MULTIPART, b"--x"),
    (MULTIPART, b"--x\r\n\r\n\r\n--x\r\n\r\n--x--"),
    (MULTIPART, PART % (b"file", b'; filename="\x00"', b"\x00")),
    (MULTIPART, PART % (b"\x00", b"", b"\x00")),
    (MULTIPART, PART % (b"file", b"; filename*=nothing''%FF", b"x")),
    (MULTIPART, PART % (b"file", b'; filename="a.xlsx"\r\nContent-Transfer-Encoding: base64', b"!")),
    (MULTIPART, PART % (b"file", b'; filename="a.xlsx"\r\nContent-Length: x', b"PK")),
    (MULTIPART, PART % (b"file", b'; filename="a.xlsx"\r\nContent-Type: multipart/mixed; boundary=x', b"PK")),
    (MULTIPART, b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 1500 + b"--x--"),
    (
        MULTIPART,
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n1\r\n' * 150 + b"--x--",
    ),
    ("multipart/form-data; boundary=\x00", b"--\x00--"),
    ("multipart/form-data; boundary=项".encode().decode("latin-1"), b"--x--"),
    ("multipart/form-data; boundary=x; charset=nothing", PART % (b"a", b"", b"1")),
    ("multipart/form-data; boundary=x; charset=utf-16", PART % (b"a", b"", b"1")),
]


@pytest.mark.parametrize("reader", READERS)
def test_no_body_breaks_a_page(reader: str, world: World):
    browser = browser_of(reader, world)

    def answers() -> Iterator[tuple[Any, ...]]:
        for page, (kind, body) in product(opened(browser), BODIES):
            yield page, kind, body[:60], browser.generic("POST", page, body, content_type=kind)
            cache.clear()

    assert broken(answers()) == []


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain; charset=\x00",
        "text/plain; charset*=utf-8''%00",
        "text/plain; charset*=nothing''x",
        "multipart/form-data; boundary*=base64''%FF; charset*=utf-8''%00",
    ],
)
def test_a_body_of_no_kind_is_refused_by_what_the_web_server_calls(kind: str, connection_kept: None):
    environ = {**RequestFactory().post("/account/login/").environ, "CONTENT_TYPE": kind}
    told: list[str] = []
    answer = application(environ, lambda status, heads, *rest: told.append(status))
    answer.close()
    assert told == ["403 Forbidden"]
    with pytest.raises((LookupError, ValueError)):
        WSGIRequest(environ)


HEADS = [
    *(
        {"Accept-Language": value}
        for value in ("\x00", "x" * 5000, "zh-hans;q=x,en;q=9e99", "\xff", ",,,;;;")
    ),
    *(
        {"Cookie": f"{name}={value}"}
        for name, value in product(
            (
                settings.SESSION_COOKIE_NAME,
                settings.CSRF_COOKIE_NAME,
                settings.LANGUAGE_COOKIE_NAME,
                "messages",
                "\x00",
            ),
            ("\x00", "\xff\xfe", "x" * 5000, '"\\000\\377"', ";;;=", "a\x00b" * 9),
        )
    ),
    *({"If-Modified-Since": value} for value in ("\x00", "Mon, 99 Xxx 99999 99:99:99 GMT", "9" * 400)),
    *({"If-None-Match": value, "If-Match": value} for value in ("\x00", '"', "x" * 5000)),
    *({"Range": value} for value in ("bytes=-", "bytes=9-1", "bytes=0-" + "9" * 400, "x", "\x00")),
    *({"Content-Length": value} for value in ("-1", "x", "", "１", "1 1", "\x00")),
    *(
        {"X-Forwarded-For": value}
        for value in ("\x00", "x" * 5000, "::ffff:1.2.3.4, [::1]:x, 999.9.9.9", ",")
    ),
    *(
        {"X-Forwarded-Proto": value, "X-Forwarded-Host": value}
        for value in ("\x00", "https,http", "evil.test")
    ),
    *(
        {"Host": value}
        for value in ("\x00", "x" * 5000, "[::1]:99999", "testserver:x", "testserver:" + "9" * 30)
    ),
    *(
        {"Referer": value, "Origin": value}
        for value in ("\x00", "http://[", "x" * 5000, "null", "https://[::1")
    ),
    *({"Authorization": value} for value in ("Basic \x00", "Basic !", "Bearer " + "x" * 5000)),
    *(
        {"X-Requested-With": value, "Accept": value, "User-Agent": value}
        for value in ("\x00", "*" * 5000, "XMLHttpRequest")
    ),
]


@pytest.mark.parametrize("reader", ["stranger", Role.TEAM_LEAD])
def test_no_head_breaks_a_page(reader: str, world: World):
    browser = browser_of(reader, world)
    cookie = browser.cookies.output(attrs=[], header="", sep=";").strip()
    browser.cookies.clear()
    # A page, a form, a file, and an address that there is not: what reads heads stands before all of them.
    pages = ["/office/", "/account/login/", "/static/app.css", "/x/"]

    def answers() -> Iterator[tuple[Any, ...]]:
        for page, heads in product(pages, HEADS):
            sent = {**heads, "Cookie": "; ".join(filter(None, [cookie, heads.get("Cookie")]))}
            yield page, heads, ask(browser, "GET", page, sent)
            if page == "/account/login/":
                yield "POST", page, heads, ask(browser, "POST", page, sent)
            browser.cookies.clear()
            cache.clear()

    assert broken(answers()) == []


def ask(browser: Client, method: str, page: str, heads: dict[str, str]) -> Any:
    """Send these heads as a web server would hand them on, unsound ones included."""
    names = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in heads}
    names |= {"Content-Length": "CONTENT_LENGTH"}
    return browser.generic(method, page, b"a=1", **{names[name]: value for name, value in heads.items()})


METHODS = ["HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "PROPFIND", "GET\x00", "项"]


@pytest.mark.parametrize("reader", READERS)
def test_no_method_breaks_a_page(reader: str, world: World):
    browser = browser_of(reader, world)
    asked = (
        (method, page, browser.generic(method, page)) for page, method in product(opened(browser), METHODS)
    )
    assert broken(asked) == []


SECRETS_OF_NOBODY = ["\x00", "x\x00y", "9" * 5000, "\xff" * 40, "' OR 1=1 --", ""]


@pytest.mark.parametrize("value", SECRETS_OF_NOBODY)
def test_no_made_up_session_or_token_breaks_a_page(value: str):
    browser = Client(raise_request_exception=False, enforce_csrf_checks=True)
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, "messages"):
        browser.cookies[name] = value
    for page in ("/office/", "/account/login/", "/admin/"):
        assert browser.get(page).status_code in {200, 302}
        answer = browser.post(page, {"csrfmiddlewaretoken": value}, headers={"X-CSRFToken": value})
        assert answer.status_code == 403


def test_control_a_page_that_breaks_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch):
    from tracker.accounts.views import Help

    monkeypatch.setattr(Help, "get_context_data", lambda *args, **kwargs: 1 / 0)
    browser = browser_of("stranger", world)
    assert broken(iter([("/help/", browser.get("/help/"))])) == [["/help/"]]

"""What an attacker sends to the pages of a county at work: nothing breaks, nothing is written.

The county is built once: each test takes back only what it has written itself.
"""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.factories import make_cycle, make_enterprise_user, make_official
from tests.faults.world import NOW, PAGES, World, addresses, allowed, browser_of, everything
from tracker.accounts.roles import Role
from tracker.library.models import Project

NAMES = sorted({name for name, _address, _view in PAGES})

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_warnings_in_the_log")]


@pytest.fixture(scope="module")
def built(build_once: Callable[[Callable[[], World]], World]) -> World:
    with time_machine.travel(NOW, tick=False):
        return build_once(World)


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    # Attempts to sign in are counted there, and the clock stands still.
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world(built: World) -> World:
    return deepcopy(built)


# --- values that cannot be ---

HOSTILE = [
    "\x00",
    "-1",
    "0",
    "9" * 30,
    "9" * 5000,
    "1e400",
    "NaN",
    "２０２６",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "/etc/passwd",
    "项" * 3000,
    "0001-01-H1",
    "9999-12-H2",
    "enterprise__people__password",
    "-badge,--name",
    "\r\nX-Evil: 1",
    "{{ 7|add:7 }}",
    "null",
    "[]",
    "\ud800".encode("utf-8", "surrogatepass"),
    b"\xff\xfe",
]
# What a database may stumble over, each in its own way: PostgreSQL is asked these, SQLite all of them.
HOSTILE_TO_DATABASES = {
    *("\x00", "-1", "9" * 30, "9" * 5000, "1e400", "' OR 1=1 --", "0001-01-H1", "9999-12-H2"),
    *("enterprise__people__password", b"\xff\xfe"),
}
ASKED = [
    *("sort", "page", "q", "badge", "stage", "township", "chain", "inclusion", "inspector", "rung"),
    *("state", "person", "enterprise", "format", "next", "correct", "remarks"),
]


def asked_here(values: list[Any]) -> list[Any]:
    """All of them on SQLite; on PostgreSQL those that reach a database."""
    if connection.vendor == "sqlite":
        return values
    return [value for value in values if value in HOSTILE_TO_DATABASES]


@pytest.mark.parametrize("name", NAMES)
def test_whatever_an_address_asks_for_no_page_breaks(name: str, world: World):
    role = allowed(name)
    browser = browser_of(
        make_enterprise_user(world.enterprise) if role == Role.ENTERPRISE else make_official(role)
    )
    mine = sorted({address for one, address, _view in addresses(**world.ids) if one == name})
    assert mine
    opening = [address for address in mine if browser.get(address).status_code == 200]
    for address in (opening or mine)[:1]:
        for value in asked_here(HOSTILE):
            # A county that cannot be ends the request before anything else of it is looked at.
            for parameters in (dict.fromkeys([*ASKED, "cycle"], value), {"county": value}):
                assert browser.get(address, parameters).status_code < 500, (address, value)


SIGNS = [
    *("\x00", "\ufffe", "🏭" * 400, "9" * 5000),
    # No database takes these for anything but letters, or a NUL that the first sign has already.
    *(pytest.param(sign, marks=pytest.mark.once) for sign in ("x\x00y", "\u202egnp.exe", "\ufeff", " ")),
]


@pytest.mark.parametrize("sign", SIGNS)
def test_no_sign_typed_into_any_field_breaks_a_form(sign: str, world: World):
    browsers = {role: browser_of(make_official(role)) for role in Role if role != Role.ENTERPRISE}
    sent = 0
    for name, address, _view in addresses(**world.ids):
        if allowed(name) == Role.ENTERPRISE:
            continue
        browser = browsers[allowed(name)]
        form = (browser.get(address).context or {}).get("form")
        for field in form.fields if form else ():
            facts = {name: form[name].value() or "" for name in form.fields if name != "file"}
            answer = browser.post(address, {**facts, "cycle": "2026-10-H2", field: sign})
            assert answer.status_code < 500, (address, field)
            sent += 1
    for page in ("account_login", "account_reset_password"):
        for field in ("login", "password", "email"):
            assert Client(raise_request_exception=False).post(reverse(page), {field: sign}).status_code < 500
    assert sent > 50


@pytest.mark.parametrize("page", ["projects", "enterprises", "inclusion", "cycle"])
@pytest.mark.parametrize("number", ["-1", "0", "9" * 30, "x", "1e3", "\x00"])
def test_a_list_has_pages_of_one_length_whatever_is_asked_for(page: str, number: str, world: World):
    where = {"cycle": make_cycle().half_month} if page == "cycle" else {}
    asked = {"per_page": number, "page": number, "sort": f"../{number}"}
    answer = browser_of(make_official()).get(reverse(f"office:{page}", kwargs=where), asked)
    assert answer.status_code == 200


PLANNED = [f"planned_{what}_on" for what in ("start", "equipment", "completion", "production", "target")]


def library_facts(project: Project, **days: str) -> dict[str, Any]:
    """The form of a project as it stands, with these days."""
    return {"name": project.name, "nature": project.nature, "planned_total": "999999999999.99", **days}


@pytest.mark.parametrize("day", ["1990-01-01", "2099-12-31"])
def test_the_first_and_the_last_day_that_can_be_break_no_page(day: str, world: World):
    facts = library_facts(world.project, started_on="1990-01-01", **dict.fromkeys(PLANNED, day))
    address, lead = reverse("office:edit_project", args=[world.project.pk]), browser_of(world.lead)
    asked = lead.post(address, {**facts, "total_grounds": "核准"}).content.decode()
    # Odd as they are, each wants its sentence.
    sentences = dict.fromkeys(re.findall(r'name="(answer_\w+)"', asked), "核实无误")
    answer = lead.post(address, {**facts, "total_grounds": "核准", **sentences})
    assert answer.status_code == 302, re.findall(r'href="#id_[^<]+<', answer.content.decode())
    firm = make_enterprise_user(world.enterprise)
    for name, address, _view in addresses(**world.ids):
        person = firm if allowed(name) == Role.ENTERPRISE else make_official(allowed(name))
        assert browser_of(person).get(address).status_code < 500, name


@pytest.mark.parametrize("day", ["0001-01-01", "0026-03-01", "1989-12-31", "2100-01-01", "9999-12-31"])
def test_days_before_and_after_that_are_refused_at_their_field(day: str, world: World):
    page = reverse("office:edit_project", args=[world.project.pk])
    form = browser_of(world.lead).post(page, library_facts(world.project, **dict.fromkeys(PLANNED, day)))
    assert set(PLANNED) <= set(form.context["form"].errors)
    liaison = browser_of(make_official(Role.STATISTICS_LIAISON))
    page = reverse("office:set_inclusion", args=[world.project.pk])
    answer = liaison.post(page, {"state": "included", "on": day, "reference": ""})
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"on"})


# --- requests of the wrong kind ---


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_what_a_page_does_not_do_is_not_allowed(method: str, world: World):
    firm = make_enterprise_user(world.enterprise)
    before = everything()
    for name, address, view in addresses(**world.ids):
        person = firm if allowed(name) == Role.ENTERPRISE else world.lead
        if not person.can(view.needs):
            continue
        assert getattr(browser_of(person), method)(address).status_code in {404, 405}, name
    assert everything() == before


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"cycle": "2026-10-H2"}'),
        ("application/xml", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense"),
        ("multipart/form-data; boundary=" + "x" * 500, b"--x--"),
        ("application/x-www-form-urlencoded", b"\xff\xfe\x00=%ED%A0%80&%=%&" + b"a=1&" * 1001),
        ("application/x-www-form-urlencoded; charset=utf-7", b"remark=+ADw-script+AD4-"),
        ("text/plain", b"cycle=2026-10-H2"),
        ("", b""),
    ],
)
def test_a_body_of_the_wrong_kind_is_refused_and_writes_nothing(kind: str, body: bytes, world: World):
    browsers = {role: browser_of(make_official(role)) for role in Role if role != Role.ENTERPRISE}
    before = everything()
    for name, address, _view in addresses(**world.ids):
        if allowed(name) == Role.ENTERPRISE or name in {"office:close_cycle", "office:import"}:
            continue  # closing and taking a table need no more than the click
        answer = browsers[allowed(name)].post(address, body, content_type=kind)
        assert answer.status_code < 500, (name, kind)
    assert everything() == before


def test_without_the_forms_own_token_nothing_is_taken(world: World):
    browsers = {
        role: browser_of(make_official(role, language="en"), enforce_csrf_checks=True)
        for role in Role
        if role != Role.ENTERPRISE
    }
    before = everything()
    for name, address, _view in addresses(**world.ids):
        if allowed(name) == Role.ENTERPRISE:
            continue
        answer = browsers[allowed(name)].post(address, {"reason": "x", "shown_at": NOW.isoformat()})
        assert answer.status_code == 403, name
        assert "The form was open too long" in answer.content.decode()
    assert everything() == before

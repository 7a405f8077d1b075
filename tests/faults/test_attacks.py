"""What an attacker sends, from outside and from within: nothing breaks, nothing leaks, nothing is written."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from email import message_from_bytes, policy
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from tests.config.environments import SAFE
from tests.exchange import workbooks
from tests.factories import (
    PASSWORD,
    make_county,
    make_cycle,
    make_enterprise,
    make_enterprise_user,
    make_inspection,
    make_official,
    make_project,
    make_township,
    moment,
)
from tests.faults.world import ELSEWHERE, NOW, SECRET, World, addresses, browser_of, everything
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.badges.models import Award
from tracker.calendars.periods import HalfMonth
from tracker.exchange.actions import hand_in
from tracker.exchange.models import ImportBatch
from tracker.inspections import actions
from tracker.inspections.models import Cycle, Inspection
from tracker.library.models import Division, Enterprise, InclusionState, Project
from tracker.mailing.actions import as_mail
from tracker.mailing.mailbox import MailboxBackend, newest
from tracker.mailing.models import Message
from tracker.reminders.actions import remind
from tracker.summaries.actions import write_to_leaders
from tracker.summaries.models import MonthlySummary
from tracker.summaries.workbook import project_table

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    # Attempts to sign in are counted there, and the clock stands still.
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


# --- somebody else's rows ---


@pytest.mark.parametrize("role", sorted(Role))
def test_no_page_shows_or_writes_what_belongs_to_another_county_or_enterprise(role: str):
    world = World(ELSEWHERE)
    if role == Role.ENTERPRISE:
        # Of the same county, so that nothing but the enterprise stands between them.
        person = make_enterprise_user(make_enterprise(world.county))
    else:
        person = make_official(role)
    browser, before = browser_of(person), everything()
    tried = 0
    for _name, address, _view in addresses(**world.ids):
        for county in ("", f"?county={ELSEWHERE}"):
            for send in (browser.get, browser.post):
                answer = send(address + county)
                tried += 1
                assert answer.status_code < 500, address
                assert SECRET not in answer.getvalue().decode(errors="replace"), address
    assert everything() == before
    assert tried > 100


def test_control_to_their_own_people_the_same_pages_show_it():
    world = World(ELSEWHERE)
    browser = browser_of(world.lead)
    told = [
        browser.get(address).getvalue().decode(errors="replace")
        for _name, address, _view in addresses(**world.ids)
    ]
    assert sum(SECRET in text for text in told) >= 10


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ENTERPRISE}))
def test_a_county_that_is_not_ones_own_is_not_found(role: str):
    browser = browser_of(make_official(role))
    for county in (ELSEWHERE, "371400", "37", "9" * 30, "\x00", "' OR 1=1 --", "<script>"):
        assert browser.get(reverse("office:today"), {"county": county}).status_code == 404


def test_a_townships_own_people_are_offered_no_enterprise_of_another():
    mine, theirs = make_township(), make_township()
    own = make_enterprise(township=mine)
    other = make_enterprise(township=theirs, name=SECRET)
    browser = browser_of(make_official(division=mine))
    assert SECRET not in browser.get(reverse("office:add_project")).content.decode()
    facts = {
        "name": "新项目",
        "nature": "transformation",
        "stage": "filed",
        "planned_total": "900",
        "township": mine.pk,
    }
    answer = browser.post(reverse("office:add_project"), {**facts, "enterprise": other.pk})
    assert answer.context["form"].errors.keys() == {"enterprise"}
    browser.post(reverse("office:add_project"), {**facts, "enterprise": own.pk})
    assert Project.objects.get().enterprise == own


# --- fields that no form has ---


def figures(**other: str) -> dict[str, str]:
    return {
        "cycle": "2026-10-H2",
        "edition": "",
        "cumulative_investment": "1000",
        "ytd_investment": "1000",
        "progress_percent": "84",
        "stage": "building",
        "remark": "设备按计划安装",
        **other,
    }


def test_an_inspection_takes_nothing_but_its_own_fields():
    county = make_county(needs_second_person=True)
    make_cycle(county)
    inspector, other = make_official(), make_official(Role.TEAM_LEAD)
    project = make_project(inspector=inspector, inclusion_state="preparing", included_on=None)
    answer = browser_of(inspector).post(
        reverse("office:inspect", args=[project.pk]),
        figures(
            inclusion_state="preparing",
            badge="gold",
            state="accepted",
            inspector=str(other.pk),
            reviewer=str(other.pk),
            origin="workbook",
            submitted_at="2020-01-01",
            included_on="2026-01-01",
            project=str(make_project().pk),
            county=ELSEWHERE,
            cycle_start="2020-01-01",
            is_unchanged="on",
            by=str(other.pk),
            planned_total="1",
            is_staff="on",
        ),
    )
    assert answer.status_code == 302
    inspection = Inspection.objects.get()
    assert (inspection.project, inspection.cycle_start) == (project, date(2026, 10, 16))
    assert (inspection.state, inspection.origin, inspection.inspector) == ("submitted", "page", inspector)
    assert (inspection.reviewer, inspection.included_on, inspection.is_unchanged) == (None, None, False)
    assert inspection.submitted_at == NOW
    assert not Award.objects.exists()
    project.refresh_from_db()
    assert (project.badge, project.planned_total) == ("none", Decimal(2000))


@pytest.mark.parametrize("state", ["included", "removed", "returned", "not_applicable", "emperor"])
def test_an_inspector_says_nothing_that_is_the_liaisons_to_say(state: str):
    make_cycle()
    inspector = make_official()
    project = make_project(inspector=inspector, inclusion_state="preparing", included_on=None)
    address = reverse("office:inspect", args=[project.pk])
    assert browser_of(inspector).post(address, figures(inclusion_state=state)).status_code == 422
    assert not Inspection.objects.exists()


@pytest.mark.parametrize("edition", ["0", "2", "-1", "9" * 30, "", "1.5", "x", "\x00"])
def test_no_made_up_edition_writes_over_what_is_there(edition: str):
    inspector = make_official()
    project = make_project(inspector=inspector)
    make_inspection(project, make_cycle(), by=make_official(Role.TEAM_LEAD))
    address = reverse("office:inspect", args=[project.pk])
    answer = browser_of(inspector).post(address, figures(edition=edition, progress_percent="50"))
    assert answer.status_code in {409, 422}
    assert (Inspection.objects.get().edition, Inspection.objects.get().progress_percent) == (1, 84)


def test_who_keeps_the_library_moves_nothing_between_counties_and_gives_no_badge():
    inspector = make_official()
    project = make_project(inspector=inspector)
    other = make_enterprise(make_county(ELSEWHERE))
    before = everything()
    browser = browser_of(inspector)
    theirs = {
        "badge": "gold",
        "badge_cycle_start": "2026-10-16",
        "stage": "completed",
        "inclusion_state": "included",
        "included_on": "2026-01-01",
        "inspector": inspector.pk,
        "enterprise": other.pk,
        "county": other.county_id,
        "is_staff": "on",
    }
    same = {
        "name": project.name,
        "code": "",
        "nature": project.nature,
        "planned_total": "2000",
        "planned_start_on": "2026-01-01",
        "started_on": "2026-01-05",
        "planned_completion_on": "2026-12-31",
    }
    answer = browser.post(reverse("office:edit_project", args=[project.pk]), {**same, **theirs})
    assert answer.status_code == 302
    mine = project.enterprise
    answer = browser.post(
        reverse("office:edit_enterprise", args=[mine.pk]),
        {"name": mine.name, "credit_code": mine.credit_code, "industry": "3542", **theirs},
    )
    assert answer.status_code == 302
    assert everything() == before


@pytest.mark.parametrize("page", ["set_language", "account_change_password"])
def test_no_form_of_ones_own_changes_who_one_is(page: str):
    person = make_official(Role.AUDITOR)
    browser_of(person).post(
        reverse(page),
        {
            "language": "en",
            "oldpassword": PASSWORD,
            "password1": "another-horse-battery",
            "password2": "another-horse-battery",
            "role": "security_administrator",
            "is_staff": "on",
            "is_superuser": "on",
            "division": "1",
            "email": "other@county.test",
        },
    )
    now = User.objects.get()
    assert (now.role, now.is_staff, now.is_superuser) == ("auditor", False, False)
    assert (now.division_id, now.email) == (person.division_id, person.email)


# --- values that cannot be ---


@pytest.mark.parametrize(
    "figure",
    [
        *("", " ", "-1", "-0.01", "NaN", "sNaN", "Infinity", "-Infinity", "1e400", "1e13", "1e-9", "0x10"),
        *(
            "1.234",
            "0.000000000000001",
            "1" * 15,
            "9" * 30,
            "１２３４５６７８９０１２３",
            "12万",
            "1/2",
            "\x00",
            "=1+1",
        ),
    ],
)
@pytest.mark.parametrize("field", ["cumulative_investment", "ytd_investment", "progress_percent"])
def test_a_figure_that_cannot_be_is_refused_at_its_field(field: str, figure: str):
    make_cycle()
    inspector = make_official()
    project = make_project(inspector=inspector)
    answer = browser_of(inspector).post(
        reverse("office:inspect", args=[project.pk]), figures(**{field: figure})
    )
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Inspection.objects.exists()


def test_full_width_figures_are_figures_and_minus_nothing_is_nothing():
    make_cycle()
    inspector = make_official()
    project = make_project(inspector=inspector)
    posted = figures(
        cumulative_investment="１，０００．５０",
        ytd_investment="-0",
        progress_percent="８４％",
        remark="重新核对",
    )
    assert browser_of(inspector).post(reverse("office:inspect", args=[project.pk]), posted).status_code == 302
    kept = Inspection.objects.get()
    assert (kept.cumulative_investment, kept.ytd_investment) == (Decimal("1000.50"), 0)
    assert not kept.ytd_investment.is_signed()
    assert kept.progress_percent == 84


@pytest.mark.parametrize(
    "day", ["9999-12-31", "2026-11-03", "0000-00-00", "2026-02-30", "-1", "\x00", "9" * 30]
)
def test_a_day_that_has_not_come_or_never_comes_is_refused(day: str):
    make_cycle()
    inspector = make_official()
    project = make_project(inspector=inspector, started_on=None)
    answer = browser_of(inspector).post(
        reverse("office:inspect", args=[project.pk]), figures(started_on=day, remark="刚开工")
    )
    assert answer.status_code == 422
    assert "started_on" in answer.context["form"].errors


@pytest.mark.parametrize(
    "shown_at",
    [
        *("", "x", "\x00", "2026-13-45T25:61:00+00:00", "2026-11-02T10:00:00", "9" * 5000),
        *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "０００１"),
    ],
)
def test_nothing_is_accepted_by_a_page_that_was_shown_at_no_moment(shown_at: str):
    make_county(needs_second_person=True)
    make_inspection(by=make_official())
    board = reverse("office:cycle", args=[HalfMonth(2026, 10, 2)])
    assert browser_of(make_official(Role.TEAM_LEAD)).post(board, {"shown_at": shown_at}).status_code == 302
    assert Inspection.objects.get().state == "submitted"


def test_a_list_of_files_ends_somewhere(client: Client):
    write_to_leaders(World().summary, NOW)
    make_official(Role.LEADER)
    write_to_leaders(MonthlySummary.objects.get(), NOW)
    MailboxBackend().send_messages([as_mail(Message.objects.get(), NOW)])
    page = reverse("mailbox_message", args=[newest()[0].name])
    assert client.get(page, {"attachment": "0"}).status_code == 200
    for number in ("1", "-1", "９", "٣", "9" * 5000, "x", "\x00"):
        assert client.get(page, {"attachment": number}).status_code == 404


# --- led elsewhere ---

LURES = [
    *(
        "//evil.test/",
        "https://evil.test/",
        "http:///evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\\\evil.test",
    ),
    *("javascript:alert(1)", "data:text/html,x", "https:evil.test", " //evil.test", "\t//evil.test"),
    *(
        "http://testserver@evil.test/",
        "http://testserver.evil.test/",
        "//evil.test\\@testserver/",
        "\x00//evil.test",
    ),
]


@pytest.mark.parametrize("lure", LURES)
def test_no_form_leads_to_another_site(lure: str, client: Client):
    make_county(needs_second_person=True)
    inspection = make_inspection(by=make_official())
    person = make_official(Role.TEAM_LEAD)
    signed_in = Client().post(
        reverse("account_login"), {"login": person.email, "password": PASSWORD, "next": lure}
    )
    assert signed_in["Location"] == "/"
    assert client.post(reverse("set_language"), {"language": "en", "next": lure})["Location"] == "/"
    accepted = browser_of(person).post(
        reverse("office:accept_inspection", args=[inspection.pk]), {"next": lure}
    )
    assert accepted["Location"] == reverse("office:today")


@pytest.mark.parametrize(
    "word", ["foo", "home", "0", "2026-13-45T25:61:00", "office:today", "/a\r\nSet-Cookie: x=1", "项"]
)
def test_a_word_instead_of_an_address_breaks_nothing(word: str):
    make_county(needs_second_person=True)
    inspection = make_inspection(by=make_official())
    answer = browser_of(make_official(Role.TEAM_LEAD)).post(
        reverse("office:accept_inspection", args=[inspection.pk]), {"next": word}
    )
    assert answer.status_code == 302
    assert "\n" not in answer["Location"]
    assert "x" not in answer.cookies
    assert Inspection.objects.get().state == "accepted"


# --- scripts, formulas and heads in names ---

SCRIPT = "<script>alert(1)</script>"
PICTURE = "\"'><img src=x onerror=alert(1)>"


@pytest.mark.once  # pages and mails are written the same from either database
def test_what_people_type_is_text_on_every_page_and_in_every_mail():
    world = World(
        project=f"{SCRIPT}{PICTURE}",
        enterprise=PICTURE,
        person=SCRIPT,
        problem=PICTURE,
        remark=SCRIPT,
        filename=f"{PICTURE}.xlsx",
    )
    Enterprise.objects.update(chain=SCRIPT[:60])
    second = make_project(world.enterprise, name=PICTURE, inspector=world.lead)
    make_cycle(world.county, "2026-11-H1")
    make_official(Role.LEADER)
    assert second
    people = [make_official(role, name=SCRIPT) for role in Role if role != Role.ENTERPRISE]
    people += [world.lead, make_enterprise_user(world.enterprise, name=SCRIPT)]
    told = 0
    for person in people:
        for _name, address, view in addresses(**world.ids, second=second.pk):
            if not person.can(view.needs):
                continue
            answer = browser_of(person).get(address)
            if "text/html" in answer["Content-Type"]:
                page = answer.content.decode()
                told += "alert(1)" in page
                assert SCRIPT not in page, address
                assert "<img src=x" not in page, address
    assert told > 40
    write_to_leaders(world.summary, NOW)
    remind(NOW)
    kinds = set()
    for message in Message.objects.all():
        kinds.add(message.kind)
        assert SCRIPT not in message.html
        assert "<img src=x" not in message.html
    assert kinds == {"monthly_summary", "reminder"}
    assert any("alert(1)" in message.html for message in Message.objects.all())


FORMULAS = ['=HYPERLINK("http://evil.test")', "+1+1", "-1+1", "@SUM(A1)", "\t=1+1"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_workbook_of_ours_reckons_what_somebody_typed(formula: str):
    world = World(project=formula, enterprise=formula, person=formula, problem=formula)
    book = load_workbook(io.BytesIO(project_table(world.summary.figures)))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value == formula]
    assert len(cells) >= 3
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in cells)


@pytest.mark.parametrize("formula", FORMULAS)
def test_nor_does_the_workbook_with_remarks(formula: str):
    lead = make_official(Role.TEAM_LEAD)
    table = load_workbook(io.BytesIO(workbooks.table(workbooks.row(1, project=formula, total=-5))))
    for cell in [cell for row in table.active.iter_rows() for cell in row if cell.value == formula]:
        cell.data_type = "s"
    wrong = workbooks.saved(table)
    batch = hand_in(make_county(), workbooks.NAME, wrong, chosen=None, by=lead, at=NOW)
    answer = browser_of(lead).get(reverse("office:import", args=[batch.pk]), {"remarks": "1"})
    book = load_workbook(io.BytesIO(answer.content))
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    assert any(formula.strip() in str(cell.value) for cell in cells)


def test_a_name_adds_no_head_to_a_mail():
    evil = "庆云\r\nBcc: evil@evil.test\r\n\r\nbody\u2028Cc: x@evil.test"
    Division.objects.filter(code="371423").update(name_zh=evil[:60], name_en=evil)
    world = World(person="李\r\nBcc: evil@evil.test", project="a\nBcc: evil@evil.test")
    make_official(Role.LEADER, name=evil[:80])
    make_official(Role.LEADER, name=evil[:80], language="en")
    make_project(world.enterprise, inspector=world.lead)
    write_to_leaders(world.summary, NOW)
    remind(NOW)
    assert Message.objects.count() >= 3
    for message in Message.objects.all():
        assert len(message.subject.splitlines()) == 1
        mail = message_from_bytes(as_mail(message, NOW).message().as_bytes(), policy=policy.default)
        assert mail["To"] == message.address
        assert not {"Bcc", "Cc"} & set(mail.keys())


def test_the_name_of_a_file_is_kept_as_text_however_odd():
    lead = make_official(Role.TEAM_LEAD)
    for name in (
        "../../../etc/passwd.xlsx",
        "a\r\nX: y.xlsx",
        "项" * 300 + ".xlsx",
        "..",
        "a;b\"c'.xlsx",
        "=1+1.xlsx",
    ):
        file = SimpleUploadedFile("x.xlsx", workbooks.table(workbooks.row(1)))
        file._name = name
        assert browser_of(lead).post(reverse("office:imports"), {"file": file}).status_code in {200, 302}
    for batch in ImportBatch.objects.all():
        assert "/" not in batch.filename
        assert "\n" not in batch.filename
        assert len(batch.filename) <= 200
        assert browser_of(lead).get(reverse("office:import", args=[batch.pk])).status_code == 200


# --- heads and cookies ---


@pytest.mark.parametrize(
    "choice", ["xx", "../../etc", "zh-hans\x00", "9" * 500, "<script>", "", "en;q=1", "en-GB-xx"]
)
def test_a_language_that_there_is_not_leaves_people_their_own(choice: str):
    browser = browser_of(make_official(language="en"))
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = choice
    answer = browser.get(reverse("office:today"))
    assert answer.status_code == 200
    assert answer["Content-Language"] == "en"


@pytest.mark.parametrize("host", ["evil.test", "", "a b", "testserver/../x", "[::1", "<script>"])
def test_a_host_that_is_not_ours_is_refused(host: str):
    browser = browser_of(make_official())
    answer = browser.get(reverse("office:today"), headers={"host": host} if host else {"host": "."})
    assert answer.status_code == 400
    assert host not in answer.content.decode() or not host


@pytest.mark.parametrize("session", ["x" * 32, "", "9" * 5000, "../../x", "<script>", "-" * 32])
def test_a_made_up_session_is_a_stranger(session: str):
    stranger = Client(raise_request_exception=False)
    stranger.cookies[settings.SESSION_COOKIE_NAME] = session
    assert stranger.get(reverse("office:today"))["Location"].startswith(reverse("account_login"))


def test_signing_in_gives_a_new_session_and_signing_out_ends_it():
    person = make_official()
    browser = Client()
    browser.get(reverse("account_login"))
    browser.cookies[settings.SESSION_COOKIE_NAME] = "chosenbytheattacker00000000000000"
    browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    taken = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert taken != "chosenbytheattacker00000000000000"
    browser.post(reverse("account_logout"))
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = taken
    assert thief.get(reverse("office:today")).status_code == 302


def test_in_production_cookies_are_bound_to_the_host_and_sent_over_tls_alone():
    asked = "import json, sys; from config import settings as s; "
    asked += "print(json.dumps({name: getattr(s, name) for name in sys.argv[1:]}))"
    wanted = {
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_NAME": "__Host-sessionid",
        "CSRF_COOKIE_SECURE": True,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_NAME": "__Host-csrftoken",
        "DEBUG": False,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 63072000,
        "LANGUAGE_COOKIE_SECURE": True,
        "LANGUAGE_COOKIE_NAME": "__Host-language",
        "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
        "SHOWS_MAILBOX": False,
    }
    environment = {**os.environ, **SAFE}
    command = [sys.executable, "-c", asked, *wanted]
    told = subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, check=True)
    assert json.loads(told.stdout) == wanted


# --- people and words that do not fit ---


def test_an_official_without_a_division_is_not_sent_where_they_may_not_go():
    nowhere = User.objects.create_user("nowhere@county.test", PASSWORD, role=Role.INSPECTOR, name="x")
    assert browser_of(nowhere).get("/", follow=True).status_code == 200
    above = User.objects.create_superuser("root@county.test", PASSWORD)
    assert browser_of(above).get("/")["Location"] == reverse("admin:index")


@pytest.mark.parametrize(
    "state", [InclusionState.PREPARING, InclusionState.RETURNED, InclusionState.SUBMITTED]
)
def test_an_inclusion_said_by_mistake_is_taken_back_from_the_badge_too(state: str):
    liaison = make_official(Role.STATISTICS_LIAISON)
    inspection = make_inspection(
        make_project(inclusion_state="preparing", included_on=None, started_on=date(2026, 3, 1))
    )
    project = inspection.project
    address = reverse("office:set_inclusion", args=[project.pk])
    colours = []
    for said in (InclusionState.INCLUDED, state):
        browser_of(liaison).post(address, {"state": said, "on": "2026-10-20", "reference": ""})
        lights = Award.objects.standing().get(project=project).lights
        colours.append(next(light["badge"] for light in lights if light["dimension"] == "inclusion"))
    assert colours == ["blue", "red"]


def test_a_removal_whose_day_nobody_has_entered_counts_all_the_same():
    project = make_project(inclusion_state="removed", included_on=date(2026, 3, 1), inclusion_removed_on=None)
    make_inspection(project, inclusion_state="removed", included_on=None)
    lights = Award.objects.get().lights
    assert next(light["code"] for light in lights if light["dimension"] == "inclusion") == "inclusion_late"


def test_the_fault_of_one_county_keeps_no_other_from_closing(monkeypatch: pytest.MonkeyPatch):
    for code in ("371423", ELSEWHERE):
        make_inspection(make_project(county=make_county(code)), make_cycle(make_county(code)))
    judged = actions.reassess_cycle

    def fail_in_the_first(cycle: Cycle, **facts: Any) -> Any:
        if cycle.county.code == "371423":
            raise RuntimeError("odd numbers in the county's policy")
        return judged(cycle, **facts)

    monkeypatch.setattr(actions, "reassess_cycle", fail_in_the_first)
    with pytest.raises(RuntimeError):
        actions.keep_cycles(moment(date(2026, 11, 20)))
    states = Cycle.objects.filter(start=date(2026, 10, 16)).values_list("county__code", "state")
    assert dict(states) == {"371423": "open", ELSEWHERE: "closed"}

"""The auditors' page: what was done, to what, by whom, why; narrowed down, paged, and taken out as a file."""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from structlog.contextvars import bound_contextvars

from tests.factories import (
    make_county,
    make_enterprise,
    make_inspection,
    make_official,
    make_project,
    moment,
)
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.audit.actions import record
from tracker.audit.context import because
from tracker.audit.models import AuditEntry
from tracker.library.models import Project
from tracker.office.trail import system_in_words

pytestmark = pytest.mark.django_db

PAGE, EXPORT = "office:audit", "office:audit_export"
TODAY = date(2026, 11, 2)


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(moment(TODAY), tick=False):
        yield


@pytest.fixture
def auditor() -> User:
    return make_official(Role.AUDITOR, name="周审计")


def signed_in(person: User, language: str = "en") -> Client:
    client = Client()
    client.force_login(person)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


def page(person: User, query: str = "", language: str = "en") -> str:
    answer = signed_in(person, language).get(reverse(PAGE) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def listed(person: User, query: str = "") -> list[tuple[str, str, str]]:
    """Act, kind and row of the entries that the page lists; the reader's own coming in is left out."""
    answer = signed_in(person).get(reverse(PAGE) + query)
    assert answer.status_code == 200
    entries = [line.entry for line in answer.context["lines"]]
    return [(one.act, one.table, one.row) for one in entries if one.act != "signed_in"]


# --- who sees what ---


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.AUDITOR, Role.ENTERPRISE}))
@pytest.mark.parametrize("name", [PAGE, EXPORT])
def test_only_auditors_read_the_trail(role: Role, name: str):
    assert signed_in(make_official(role)).get(reverse(name)).status_code == 403


def test_an_auditor_reads_what_was_done_in_their_county_and_one_above_all_of_it(auditor: User):
    here, there = make_enterprise(make_county()), make_enterprise(make_county("371525"))
    above = make_official(Role.AUDITOR, make_county().parent.parent)
    assert ("created", "enterprise", str(here.pk)) in listed(auditor)
    assert ("created", "enterprise", str(there.pk)) not in listed(auditor)
    assert {("created", "enterprise", str(one.pk)) for one in (here, there)} <= set(listed(above))


def test_the_ways_to_the_trail_are_shown_to_auditors_alone(auditor: User):
    project = make_project()
    make_inspection(project)
    history = f"{reverse(PAGE)}?table=project&amp;row={project.pk}"
    for address, link in (
        (reverse("office:more"), reverse(PAGE)),
        (reverse("office:today"), reverse(PAGE)),
        (reverse("office:project", args=[project.pk]), history),
    ):
        assert f'href="{link}"' in signed_in(auditor).get(address).content.decode()
        assert f'href="{link}"' not in signed_in(make_official(Role.TEAM_LEAD)).get(address).content.decode()


# --- in words ---


def test_a_change_is_told_with_person_moment_record_reason_and_both_values(auditor: User):
    project = make_project(name="甲产线改造", inclusion_state="preparing", included_on=None)
    lead = make_official(Role.TEAM_LEAD, name="李组长")
    with because("核对后更正"):
        project.inclusion_state, project.planned_completion_on = "submitted", date(2027, 3, 31)
        project.inspector = lead
        project.save()
    text = page(auditor, f"?table=project&row={project.pk}&act=changed")
    for words in (
        "Changed", "project", "甲产线改造", "2 November 2026 10:00:00", "the system", "核对后更正",
        "inclusion in statistics", "Preparing papers", "Submitted", "31 December 2026", "31 March 2027",
        "李组长",
        f'href="{reverse("office:project", args=[project.pk])}"',
    ):  # fmt: skip
        assert words in text


def test_who_did_it_is_named_and_the_rule_is_told_in_words(auditor: User):
    lead = make_official(Role.TEAM_LEAD, name="李组长")
    record(AuditEntry.Act.EXPORTED, lead.division, actor=lead)
    assert "李组长" in page(auditor, "?act=exported")
    told = system_in_words("system, policy default-1, cycle 2026-10-H2")
    assert "default-1" in told
    assert "2026-10-H2" not in told


def test_a_record_that_is_gone_is_still_told_of(auditor: User):
    enterprise = make_enterprise()
    number = enterprise.pk
    enterprise.delete()
    assert ("deleted", "enterprise", str(number)) in listed(auditor)


def test_what_people_write_is_shown_and_never_run(auditor: User):
    make_project(problem="<script>alert(1)</script>")
    assert "<script>alert" not in page(auditor)


# --- narrowed down ---


def test_each_filter_leaves_what_it_says(auditor: User):
    lead, other = make_official(Role.TEAM_LEAD, name="李组长"), make_official(name="王调度")
    project = make_project()
    with bound_contextvars(request_id="request-12345"):
        record(AuditEntry.Act.REVEALED, project, actor=lead)
    with time_machine.travel(moment(TODAY - timedelta(days=3), hour=23), tick=False):
        record(AuditEntry.Act.EXPORTED, project.county, actor=other)
    revealed, exported = (
        ("revealed", "project", str(project.pk)),
        ("exported", "division", str(project.county_id)),
    )
    for query, expected in {
        "act=revealed": [revealed],
        "act=exported": [exported],
        f"table=project&row={project.pk}&act=revealed": [revealed],
        "request=request-12345": [revealed],
        f"person={lead.pk}": [revealed],
        f"who={lead.email}": [revealed],
        "who=王调度": [exported],
        "who=nobody": [],
        "until=2026-10-30": [exported],
        "since=2026-10-30&until=2026-10-30": [exported],
        "since=2026-10-31&act=exported": [],
    }.items():
        assert listed(auditor, f"?{query}") == expected, query


@pytest.mark.parametrize(
    "query",
    [
        "act=nonsense", "table=auth_user", "person=" + "9" * 30, "person=x", "row=" + "9" * 41,
        "since=yesterday", "since=2026-11-02&until=2026-11-01", "request=%00", "who=%00", "request=a b",
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_shows_nothing_and_says_so(auditor: User, query: str):
    assert listed(auditor, f"?{query}") == []
    assert "There is a problem" in page(auditor, f"?{query}")
    assert signed_in(auditor).get(f"{reverse(EXPORT)}?{query}").status_code == 400


@pytest.mark.parametrize(
    "mark", ["x", "1-", "-1", "9" * 40 + "-1", "1-" + "9" * 40, "%00", "²-²", "9999999999999999-1"]
)
def test_a_place_in_the_trail_that_is_none_is_no_error(auditor: User, mark: str):
    page(auditor, f"?after={mark}")


# --- paged ---


def test_pages_follow_each_other_without_gap_or_repetition(auditor: User):
    make_project()
    entries = [
        record(AuditEntry.Act.REVEALED, auditor.division, after={"n": number}) for number in range(120)
    ]
    client, seen, query = signed_in(auditor), [], "?act=revealed"
    for size in (50, 50, 20):
        answer = client.get(reverse(PAGE) + query)
        seen += [line.entry.pk for line in answer.context["lines"]]
        assert len(answer.context["lines"]) == size
        query = f"?act=revealed&after={answer.context['older']}"
    assert answer.context["older"] == ""
    assert seen == [entry.pk for entry in reversed(entries)]


def test_a_page_costs_the_same_for_one_entry_and_for_fifty(auditor: User):
    client = signed_in(auditor)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse(PAGE) + "?table=inspection").status_code == 200
        return len(asked)

    make_inspection(make_project())
    once = queries()
    for _ in range(12):
        make_inspection(make_project())
    assert queries() == once


def test_nothing_is_counted_and_nothing_skipped(auditor: User):
    make_project()
    client = signed_in(auditor)
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse(PAGE))
    of_trail = [query["sql"] for query in asked if "tracker_auditentry" in query["sql"]]
    assert of_trail
    assert not [sql for sql in of_trail if "COUNT(" in sql or "OFFSET" in sql]


# --- taken out ---


def exported(person: User, query: str = "", language: str = "en") -> list[list[str]]:
    answer = signed_in(person, language).get(reverse(EXPORT) + query)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    content = b"".join(answer.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf"), "Excel reads Chinese by this mark"
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_export_holds_what_the_filters_leave_and_is_written_down(auditor: User):
    project = make_project(name="甲产线改造")
    project.problem = "用地未落实"
    project.save()
    make_enterprise(make_county("371525"))
    head, *rows = exported(auditor, "?table=project&act=changed")
    assert head[:4] == ["No.", "when", "who", "what was done"]
    (row,) = rows
    assert row[1:7] == [
        "2026-11-02 10:00:00",
        "the system",
        "Changed",
        "project",
        str(project.pk),
        "甲产线改造",
    ]
    assert row[7] == "open problem: – → 用地未落实"
    entry = AuditEntry.objects.get(act="exported")
    assert (entry.actor, entry.after) == (auditor, {"filters": {"act": "changed", "table": "project"}})


@pytest.mark.parametrize("sign", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1"])
def test_a_cell_that_looks_like_a_formula_is_text(auditor: User, sign: str):
    project = make_project()
    with because(sign):
        Project.objects.filter(pk=project.pk).update(problem=sign)
    rows = exported(auditor, f"?table=project&row={project.pk}&act=changed")
    assert rows[1][8] == f"'{sign}"

"""Who acted, why, and in answer to which request."""

import os
import subprocess
import sys
import uuid
from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from structlog.contextvars import bound_contextvars

from tests.factories import (
    PASSWORD,
    make_county,
    make_cycle,
    make_enterprise,
    make_inspection,
    make_official,
    make_project,
    moment,
)
from tests.services.waiting import wait_until
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.audit.context import because, by_system
from tracker.audit.models import AuditEntry
from tracker.inspections.actions import return_inspection, skip_cycle
from tracker.inspections.models import Cycle
from tracker.inspections.tasks import keep_cycles
from tracker.library.actions import plan_year
from tracker.library.inclusion.actions import set_inclusion
from tracker.library.models import Project

pytestmark = pytest.mark.django_db


def latest(**facts: str) -> AuditEntry:
    entry = AuditEntry.objects.filter(**facts).order_by("-pk").first()
    assert entry is not None
    return entry


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def add_enterprise(client: Client, **headers: str) -> AuditEntry:
    """Somebody enters an enterprise on its page."""
    spare = make_enterprise()
    spare.delete()
    facts = {"name": "甲机械有限公司", "credit_code": spare.credit_code}
    answer = client.post(reverse("office:add_enterprise"), facts, headers=headers)
    assert answer.status_code == 302, answer.content.decode()
    return latest(table="enterprise", act="created")


def test_what_is_done_on_a_page_is_done_by_whoever_has_signed_in():
    lead = make_official(Role.TEAM_LEAD)
    entry = add_enterprise(signed_in(lead))
    assert (entry.actor, entry.system) == (lead, "")
    assert uuid.UUID(entry.request_id)


def test_all_that_one_request_did_has_its_id():
    lead = make_official(Role.TEAM_LEAD)
    given = "proxy-0123456789abcdef"
    entry = add_enterprise(signed_in(lead), **{"X-Request-ID": given})
    assert entry.request_id == given


@pytest.mark.parametrize(
    "bad", ["short", "with space in it", "x" * 65, "new\tline-0123456789", "<script>alert(1)"]
)
def test_an_id_that_is_none_is_not_taken_over(bad: str):
    entry = add_enterprise(signed_in(make_official(Role.TEAM_LEAD)), **{"X-Request-ID": bad})
    assert uuid.UUID(entry.request_id)


def test_a_page_says_which_request_it_answers():
    answer = signed_in(make_official()).get(
        reverse("office:more"), headers={"X-Request-ID": "proxy-01234567"}
    )
    assert answer["X-Request-ID"] == "proxy-01234567"


def test_a_badge_is_given_by_the_rule_whoever_has_set_it_off():
    lead = make_official(Role.TEAM_LEAD)
    with bound_contextvars(request_id="request-1"):
        make_inspection(make_project(), by=lead)
    entry = latest(table="award")
    assert (entry.actor, entry.system) == (None, "system, policy default-1, cycle 2026-10-H2")
    assert entry.request_id == latest(table="inspection").request_id == "request-1"


def test_what_nobody_asked_for_is_done_by_the_system():
    make_enterprise()
    assert (latest(table="enterprise").actor, latest(table="enterprise").system) == (None, "system")
    with by_system("task inspections.keep_cycles"):
        make_cycle()
    assert latest(table="cycle").system == "system, task inspections.keep_cycles"


def test_a_reason_that_was_asked_for_is_kept():
    lead, project = (
        make_official(Role.TEAM_LEAD),
        make_project(make_enterprise(make_county(needs_second_person=True))),
    )
    cycle, at = make_cycle(), moment(date(2026, 11, 2))
    inspection = make_inspection(project, cycle, by=make_official())
    return_inspection(inspection, "缺少照片", by=lead, at=at)
    assert latest(table="inspection", act="changed").why == "缺少照片"
    plan_year(project, 2026, Decimal(1500), by=lead, reason="设备涨价")
    assert latest(table="annualplan").why == "设备涨价"
    liaison = make_official(Role.STATISTICS_LIAISON)
    set_inclusion(project, "removed", date(2026, 10, 20), "统字1号", by=liaison, today=date(2026, 11, 2))
    assert latest(table="project", act="changed").why == "统字1号"
    skip_cycle(cycle, "春节")
    assert latest(table="cycle", act="changed").why == "春节"
    with because("核对后更正"):
        Project.objects.filter(pk=project.pk).update(problem="甲")
    assert latest(table="project").why == "核对后更正"


def test_signing_in_and_out_is_written_down_with_where_from():
    person = make_official(email="li.lei@county.test")
    client = Client(REMOTE_ADDR="198.51.100.7")
    assert client.login(email=person.email, password=PASSWORD)
    client.logout()
    page = reverse("account_login")
    client.post(page, {"login": person.email, "password": PASSWORD})
    came_in = latest(act="signed_in")
    assert (came_in.actor, came_in.row, came_in.after) == (
        person,
        str(person.pk),
        {"client_address": "198.51.100.7"},
    )
    assert came_in.place == person.division.path
    client.post(reverse("account_logout"))
    assert latest(act="signed_out").actor == person


def test_whoever_is_not_let_in_is_written_down_without_the_password():
    make_official(email="li.lei@county.test")
    client = Client(REMOTE_ADDR="198.51.100.7")
    for name in ("Li.Lei@county.test", "stranger@elsewhere.test", "nul\x00@elsewhere.test"):
        client.post(reverse("account_login"), {"login": name, "password": "wrong-horse-battery"})
    known, unknown = AuditEntry.objects.filter(act="sign_in_failed").order_by("pk")[:2]
    assert (known.actor, known.table, known.place) == (None, "user", make_county().path)
    assert known.after == {"email": "l***@county.test", "client_address": "198.51.100.7"}
    assert (unknown.table, unknown.place, unknown.after["email"]) == ("", "", "s***@elsewhere.test")
    assert "wrong-horse" not in str(list(AuditEntry.objects.values()))


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_has_added(settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    person = make_official()
    client = Client(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="6.6.6.6, 198.51.100.7")
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert latest(act="signed_in").after == {"client_address": "198.51.100.7"}


@pytest.mark.django_db(transaction=True)
def test_a_job_has_the_id_of_the_request_that_has_set_it_off(celery_worker_process):
    make_project()
    with bound_contextvars(request_id="request-0123456789"):
        keep_cycles.delay()
    wait_until(lambda: Cycle.objects.count() == 3, 30, what="half-months opened by the worker")
    entry = latest(table="cycle")
    assert (entry.request_id, entry.system) == ("request-0123456789", "system, task inspections.keep_cycles")


@pytest.mark.django_db(transaction=True)
def test_what_a_command_does_is_done_under_its_name(beside_the_test: dict[str, str]):
    subprocess.run(
        [sys.executable, "manage.py", "createsuperuser", "--noinput", "--email", "first@county.test"],
        cwd=settings.BASE_DIR,
        env={**os.environ, **beside_the_test, "DJANGO_SUPERUSER_PASSWORD": PASSWORD},
        check=True,
        capture_output=True,
    )
    connection.close()
    entry = latest(table="user")
    assert entry.system == "system, command createsuperuser"
    assert uuid.UUID(entry.request_id)

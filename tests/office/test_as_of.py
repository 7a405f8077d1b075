"""How a record stood at the end of any day is shown exactly as it was, and what is not known is said so."""

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories import (
    make_county,
    make_cycle,
    make_enterprise,
    make_inspection,
    make_official,
    make_project,
    moment,
)
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.audit.history import rows_at, values_at, values_of
from tracker.audit.models import AuditEntry
from tracker.badges.models import Award
from tracker.inspections.models import Inspection
from tracker.library.actions import plan_year
from tracker.library.models import AnnualPlan, Enterprise, Project
from tracker.library.records import StageChange
from tracker.office.as_of import as_of, end_of

pytestmark = pytest.mark.django_db
BEGIN = date(2026, 3, 2)
TODAY = date(2026, 11, 2)
Change = Callable[[Project, random.Random, int], None]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(moment(TODAY), tick=False):
        yield


def shown(person: User, record: Any, query: str = "", status: int = 200) -> str:
    client = Client(headers={"accept-language": "en"})
    client.cookies["django_language"] = "en"
    client.force_login(person)
    name = "project" if isinstance(record, Project) else "enterprise"
    answer = client.get(reverse(f"office:{name}_as_of", args=[record.pk]) + query)
    assert answer.status_code == status
    return unescape(answer.content.decode())


# --- whatever was done, by whichever way ---


def _saved(project: Project, chance: random.Random, number: int) -> None:
    row = Project.objects.get(pk=project.pk)
    row.name, row.problem = f"名称{number}", chance.choice(["", "缺电", "缺料"])
    row.save()


def _updated(project: Project, chance: random.Random, number: int) -> None:
    Project.objects.filter(enterprise=project.enterprise_id).update(
        planned_total=Decimal(2000 + number), stage=chance.choice(["filed", "building", "suspended"])
    )


def _updated_in_bulk(project: Project, chance: random.Random, number: int) -> None:
    row = Project.objects.get(pk=project.pk)
    row.funds_in_place = Decimal(number) if chance.random() > 0.3 else None
    row.inclusion_state = chance.choice(["preparing", "submitted", "included"])
    row.contact_name = f"张三{number}"
    Project.objects.bulk_update([row], ["funds_in_place", "inclusion_state", "contact_name"])


def _planned(project: Project, chance: random.Random, number: int) -> None:
    plan_year(project, 2026, Decimal(1200 + number), by=None, reason="调整")


def _plan_taken_back(project: Project, chance: random.Random, number: int) -> None:
    latest = AnnualPlan.objects.filter(project=project, version__gt=1).order_by("-version").first()
    if latest is not None:
        AnnualPlan.objects.filter(pk=latest.pk).delete()


def _inspection_decided(project: Project, chance: random.Random, number: int) -> None:
    row = Inspection.objects.filter(project=project).order_by("?").first()
    state = chance.choice(["accepted", "returned"])
    Inspection.objects.filter(pk=row.pk).update(state=state, return_reason="数据有误", ytd_investment=number)


CHANGES: list[Change] = [
    _saved,
    _updated,
    _updated_in_bulk,
    _planned,
    _plan_taken_back,
    _inspection_decided,
]


def state_of(project: Project) -> dict[str, Any]:
    """Everything of a project now, read from the tables themselves."""
    project = Project.objects.get(pk=project.pk)
    plans = AnnualPlan.objects.filter(project=project, year=2026).order_by("-version")
    accepted = Inspection.objects.accepted().filter(project=project).order_by("-cycle_start")
    badge = Award.objects.standing().filter(project=project).order_by("-cycle_start").first()
    return {
        "facts": values_of(project),
        "plan": plans.values_list("amount", flat=True).first(),
        "inspection": accepted.values_list("cycle_start", "ytd_investment").first(),
        "badge": (badge.badge, badge.cycle_start, badge.reason) if badge else None,
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_day_is_shown_exactly_as_it_was_however_it_was_changed(seed: int):
    chance = random.Random(seed)
    with time_machine.travel(moment(BEGIN), tick=False):
        project = make_project()
    states = {}
    codes = iter(f"2026-{month:02}-H{half}" for month in range(3, 11) for half in (1, 2))
    day = BEGIN
    for number in range(1, 31):
        day += timedelta(days=chance.randint(1, 5))
        with time_machine.travel(moment(day), tick=False):
            if number % 6 == 1:
                progress = Decimal(chance.choice([1, 40, 90]))
                Project.objects.filter(pk=project.pk).update(stage="building")
                project.refresh_from_db()
                make_inspection(project, make_cycle(code=next(codes)), progress_percent=progress)
            for change in chance.sample(CHANGES, chance.randint(1, 3)):
                change(project, chance, number)
            states[day] = state_of(project)
    project.refresh_from_db()
    for day, state in states.items():
        assert values_at(project, end_of(day)) == state["facts"]
        plans = rows_at(AnnualPlan.objects.filter(project=project), "project", project.pk, end_of(day))
        amounts = {plan["version"]: Decimal(plan["amount"]) for plan in plans.values()}
        assert amounts[max(amounts)] == state["plan"]
        then = as_of(project, day)
        badge = then.badge and (then.badge.badge, then.badge.cycle_start, then.badge.reason)
        assert badge == state["badge"]
        rows = rows_at(Inspection.objects.filter(project=project), "project", project.pk, end_of(day))
        accepted = [row for row in rows.values() if row["state"] == "accepted"]
        latest = max(accepted, key=lambda row: row["cycle_start"], default=None)
        known = latest and (date.fromisoformat(latest["cycle_start"]), Decimal(latest["ytd_investment"]))
        assert known == state["inspection"]
        assert then.inspection is not None
        assert then.inspection.was_there == (latest is not None)


# --- the page ---


@pytest.fixture
def lead() -> User:
    return make_official(Role.TEAM_LEAD)


@pytest.fixture
def project() -> Project:
    """Added on 2 March, renamed and re-planned in May; its contact was another one before."""
    with time_machine.travel(moment(BEGIN), tick=False):
        project = make_project(
            name="旧名称", contact_name="王小明", contact_phone="13800138000", problem="问13900139000"
        )
    with time_machine.travel(moment(date(2026, 5, 4)), tick=False):
        Project.objects.filter(pk=project.pk).update(
            name="新名称", contact_name="李小红", problem="", stage="completed"
        )
        plan_year(project, 2026, Decimal(1500), by=None, reason="调整")
    project.refresh_from_db()
    return project


def test_the_page_shows_what_was_there_and_marks_what_is_different_today(lead: User, project: Project):
    html = shown(lead, project, "?on=2026-05-03")
    for told in (
        "旧名称",
        "today: 新名称",
        "1,200.00",
        "today: 1,500.00",
        "today: Completed",
    ):
        assert told in html
    after = shown(lead, project, "?on=2026-05-04")
    assert "旧名称" not in after
    assert "today:" not in after
    assert shown(lead, project).count("today:") == 0


def test_what_the_record_masks_stays_masked(lead: User, project: Project):
    html = shown(lead, project, "?on=2026-05-03")
    assert "王**" in html
    assert "139****9000" in html
    for secret in ("王小明", "李小红", "13800138000", "13900139000"):
        assert secret not in html


def test_a_day_before_it_was_added_says_so(lead: User, project: Project):
    html = shown(lead, project, "?on=2026-03-01")
    assert "It was not in the library then: it was added on 2 March 2026." in html
    assert "旧名称" not in html


def test_a_day_before_the_oldest_entry_kept_is_said_not_to_be_known(
    lead: User, project: Project, monkeypatch: pytest.MonkeyPatch
):
    # As retention leaves it: the oldest entries are gone, the creation among them.
    kept = AuditEntry.objects.filter(at__gte=moment(date(2026, 5, 4), 0))
    monkeypatch.setattr(AuditEntry, "objects", kept)
    then = as_of(project, date(2026, 5, 3))
    assert not then.is_known
    assert then.facts is None
    assert then.known_from == date(2026, 5, 4)
    assert as_of(project, date(2026, 5, 4)).is_known
    html = shown(lead, project, "?on=2026-05-03")
    assert "since 4 May 2026" in html
    assert "旧名称" not in html


@pytest.mark.parametrize(
    "query", ["?on=", "?on=x", "?on=2026-02-30", "?on=0026-01-01", "?on=2026-11-03", "?on=%00"]
)
def test_a_day_that_cannot_be_is_refused_in_words(lead: User, project: Project, query: str):
    html = shown(lead, project, query)
    assert 'aria-invalid="true"' in html
    assert "新名称" not in html.split("<h1>", 1)[1]


def test_a_badge_given_again_later_does_not_change_what_stood_before(lead: User):
    with time_machine.travel(moment(BEGIN), tick=False):
        project = make_project()
    with time_machine.travel(moment(date(2026, 10, 17)), tick=False):
        make_inspection(project, make_cycle(code="2026-10-H1"), progress_percent=Decimal(80))
        before = Award.objects.standing().get(project=project)
    with time_machine.travel(moment(date(2026, 10, 20)), tick=False):
        Award.objects.filter(pk=before.pk).update(state="superseded")
        before.pk, before.version, before.badge = None, 2, "red"
        before._state.adding = True
        before.assigned_at, before.state = timezone.now(), "provisional"
        before.save(force_insert=True)
    then, now = as_of(project, date(2026, 10, 19)), as_of(project, date(2026, 10, 20))
    assert then.badge is not None
    assert now.badge is not None
    assert then.badge.badge != "red"
    assert now.badge.badge == "red"
    assert then.is_another_badge
    assert not now.is_another_badge


def test_a_long_history_costs_as_many_statements_as_a_short_one(lead: User, project: Project):
    client = Client()
    client.force_login(lead)
    address = reverse("office:project_as_of", args=[project.pk]) + "?on=2026-03-02"
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for number in range(20):
        Project.objects.filter(pk=project.pk).update(planned_total=3000 + number)
        plan_year(project, 2026, Decimal(2000 + number), by=None, reason="调整")
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few)


def test_an_enterprise_is_shown_as_it_stood(lead: User):
    with time_machine.travel(moment(BEGIN), tick=False):
        enterprise = make_enterprise(chain="铸造", contact_name="王小明")
    with time_machine.travel(moment(date(2026, 5, 4)), tick=False):
        Enterprise.objects.filter(pk=enterprise.pk).update(chain="纺织")
    enterprise.refresh_from_db()
    html = shown(lead, enterprise, "?on=2026-05-01")
    assert "铸造" in html
    assert "today: 纺织" in html
    assert "王小明" not in html


def test_what_is_of_another_county_is_not_there(lead: User):
    foreign = make_project(make_enterprise(make_county("371525")))
    shown(lead, foreign, status=404)
    shown(lead, foreign.enterprise, status=404)


def test_the_move_of_a_row_to_another_owner_is_undone_too():
    with time_machine.travel(moment(BEGIN), tick=False):
        one, other = make_project(), make_project()
        change = StageChange.objects.create(
            project=one, number=1, from_stage="filed", to_stage="building", on=BEGIN, origin="page"
        )
    StageChange.objects.filter(pk=change.pk).update(project=other)
    then = end_of(BEGIN)
    assert rows_at(StageChange.objects.filter(project=other), "project", other.pk, then) == {}
    moved = rows_at(StageChange.objects.filter(project=one), "project", one.pk, then, have_moved=True)
    assert list(moved) == [str(change.pk)]

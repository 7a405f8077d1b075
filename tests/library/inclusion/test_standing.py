"""Who says where a project stands: every state, to every state, by every role."""

import re
from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from django.conf import settings
from django.db import transaction

from tests.factories import make_enterprise, make_enterprise_user, make_official, make_project
from tests.library.inclusion.test_rules import STATES, TABLE
from tracker.accounts.roles import Role
from tracker.audit.models import AuditEntry
from tracker.library.inclusion.actions import (
    BelowThreshold,
    ChangedMeanwhile,
    InFuture,
    NoSuchMove,
    NotTheLiaison,
    set_inclusion,
    settle,
    settle_all,
)
from tracker.library.inclusion.rules import InclusionState, Way
from tracker.library.models import Project
from tracker.library.tasks import settle_inclusion

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 2)
WAYS = {
    Role.STATISTICS_LIAISON: Way.LIAISON,
    Role.INSPECTOR: Way.TEAM,
    Role.TEAM_LEAD: Way.TEAM,
}
SAID_AGAIN = {"preparing", "submitted", "returned", "included", "removed"}


def test_each_role_says_from_each_state_only_what_the_table_gives_it():
    enterprise = make_enterprise()
    people = {role: make_official(role) for role in Role if role != Role.ENTERPRISE}
    people[Role.ENTERPRISE] = make_enterprise_user(enterprise)
    project = make_project(enterprise, inspector=people[Role.INSPECTOR], plan=None)
    tried = 0
    for (row, before), (column, after), role in product(enumerate(STATES), enumerate(STATES), Role):
        # Facts decide the first two: a small project, and one that has not started.
        facts = {
            "planned_total": Decimal(400) if before == InclusionState.NOT_APPLICABLE else Decimal(2000),
            "stage": "filed" if before == InclusionState.NOT_DUE else "building",
        }
        Project.objects.filter(pk=project.pk).update(inclusion_state=before, **facts)
        project.refresh_from_db()
        way = WAYS.get(role)
        may = way is not None and TABLE[way][row][column] == "x"
        may |= way is Way.LIAISON and before == after and before in SAID_AGAIN
        with transaction.atomic():
            try:
                set_inclusion(project, after, TODAY, "统字7号", by=people[role], today=TODAY)
                came_to = "done"
            except (NotTheLiaison, NoSuchMove, BelowThreshold):
                came_to = "refused"
            project.refresh_from_db()
            assert came_to == ("done" if may else "refused"), (before, after, role)
            assert project.inclusion_state == (after if may else before), (before, after, role)
            # The next attempt finds the world as it was.
            transaction.set_rollback(True)
        tried += 1
    assert tried == 7 * 7 * len(Role)


def test_a_state_is_written_in_one_place_alone():
    written = re.compile(r"\.inclusion_state\b(?:, [\w.]+)* = ")
    tracker = settings.BASE_DIR / "tracker"
    found = {
        str(path.relative_to(tracker)): len(written.findall(path.read_text(encoding="utf-8")))
        for path in tracker.rglob("*.py")
    }
    assert {name: number for name, number in found.items() if number} == {"library/inclusion/actions.py": 1}


def test_a_colleagues_project_is_not_an_inspectors_to_move():
    project = make_project(inclusion_state="preparing", inspector=make_official())
    with pytest.raises(NotTheLiaison):
        set_inclusion(project, "submitted", TODAY, by=make_official(), today=TODAY)


def test_the_day_goes_with_the_state_and_into_the_trail():
    liaison = make_official(Role.STATISTICS_LIAISON)
    project = make_project(inclusion_state="submitted", included_on=None)
    set_inclusion(project, "included", date(2026, 10, 20), "统字7号", by=liaison, today=TODAY)
    set_inclusion(project, "removed", date(2026, 10, 30), "统字9号", by=liaison, today=TODAY)
    project.refresh_from_db()
    assert (project.included_on, project.inclusion_removed_on) == (date(2026, 10, 20), date(2026, 10, 30))
    entries = AuditEntry.objects.filter(table="project", row=str(project.pk), act="changed").order_by("pk")
    said = [(entry.before["inclusion_state"], entry.after["inclusion_state"], entry.why) for entry in entries]
    assert said == [("submitted", "included", "统字7号"), ("included", "removed", "统字9号")]


def test_what_is_said_by_mistake_is_taken_back_with_its_day():
    liaison = make_official(Role.STATISTICS_LIAISON)
    project = make_project()
    set_inclusion(project, "submitted", TODAY, by=liaison, today=TODAY)
    project.refresh_from_db()
    assert (project.included_on, project.inclusion_submitted_on) == (None, TODAY)


def test_no_day_that_has_not_come():
    liaison = make_official(Role.STATISTICS_LIAISON)
    with pytest.raises(InFuture):
        set_inclusion(make_project(), "removed", date(2026, 11, 3), by=liaison, today=TODAY)


def test_two_liaisons_at_one_project_do_not_overwrite_each_other_unseen():
    one, other = make_official(Role.STATISTICS_LIAISON), make_official(Role.STATISTICS_LIAISON)
    project = make_project(inclusion_state="submitted", included_on=None)
    set_inclusion(project, "returned", TODAY, "缺施工合同", by=one, today=TODAY, seen="submitted")
    with pytest.raises(ChangedMeanwhile):
        set_inclusion(project, "included", TODAY, "统字7号", by=other, today=TODAY, seen="submitted")
    project.refresh_from_db()
    assert (project.inclusion_state, project.inclusion_reference) == ("returned", "缺施工合同")


# --- what follows by itself ---


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"planned_total": Decimal("499.99"), "inclusion_state": "preparing"}, "not_applicable"),
        ({"planned_total": Decimal(500), "inclusion_state": "not_applicable"}, "preparing"),
        ({"planned_total": Decimal(500), "inclusion_state": "not_applicable", "stage": "filed"}, "not_due"),
        ({"inclusion_state": "not_due"}, "preparing"),
        ({"inclusion_state": "preparing", "stage": "filed"}, "not_due"),
        ({"inclusion_state": "submitted", "planned_total": Decimal(400)}, "submitted"),
        ({"inclusion_state": "included", "stage": "filed"}, "included"),
    ],
)
def test_total_and_start_move_a_project_that_nobody_has_spoken_of(facts: dict, state: str):
    project = make_project(**{"included_on": None, **facts})
    settle([project.pk])
    project.refresh_from_db()
    assert project.inclusion_state == state
    assert settle([project.pk]) == 0


def test_every_hour_what_has_begun_or_shrunk_is_found_however_it_was_written_down():
    begun = make_project(inclusion_state="not_due", included_on=None)
    shrunk = make_project(inclusion_state="preparing", included_on=None, planned_total=Decimal(100))
    # The county's table may have said so: it is not taken back behind its back.
    said = make_project(inclusion_state="not_applicable", included_on=None)
    settle_inclusion()
    for project, state in ((begun, "preparing"), (shrunk, "not_applicable"), (said, "not_applicable")):
        project.refresh_from_db()
        assert project.inclusion_state == state
    assert settle_all() == 0
    entry = AuditEntry.objects.filter(table="project", row=str(begun.pk), act="changed").get()
    assert (entry.actor, entry.system) == (None, "system, inclusion")

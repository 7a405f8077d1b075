"""Who may do what to which row, apart from any page."""

import pytest
from django.test import Client
from django.urls import reverse
from rules.permissions import permissions

from tests.factories import (
    make_county,
    make_cycle,
    make_enterprise,
    make_enterprise_user,
    make_inspection,
    make_official,
    make_project,
    make_township,
)
from tracker.accounts.models import User
from tracker.accounts.permissions import UnknownPermission
from tracker.accounts.roles import Role
from tracker.badges.actions import confirm_badges
from tracker.inspections.queries import inspectable_by
from tracker.library.models import Project

pytestmark = pytest.mark.django_db


def test_a_permission_that_there_is_not_is_a_mistake_and_no_refusal():
    with pytest.raises(UnknownPermission):
        make_official().can("change_the_badge")


def test_somebody_who_was_switched_off_may_do_nothing():
    person = make_official(Role.TEAM_LEAD, is_active=False)
    assert [act for act in permissions if person.can(act)] == []


def test_an_inspector_writes_what_is_in_their_own_name():
    inspector = make_official()
    own, others = make_project(inspector=inspector), make_project(inspector=make_official())
    for act in ("change_project", "inspect_project"):
        assert inspector.can(act, own)
        assert not inspector.can(act, others)
    assert inspector.can("change_enterprise", own.enterprise)
    assert not inspector.can("change_enterprise", others.enterprise)
    assert inspector.can("change_enterprise", make_enterprise())


def test_a_townships_people_write_in_their_township_alone():
    county, here, there = make_county(), make_township(), make_township()
    lead = make_official(Role.TEAM_LEAD, here)
    assert lead.can("change_project", make_project(make_enterprise(township=here)))
    assert not lead.can("change_project", make_project(make_enterprise(township=there)))
    assert not lead.can("change_project", make_project(make_enterprise(county)))
    assert not lead.can("keep_cycle", make_cycle(county))


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ENTERPRISE])
def test_who_works_above_the_county_writes_nothing(role: Role):
    project, cycle = make_project(), make_cycle()
    inspection = make_inspection(project, cycle)
    writes = [
        *("add_enterprise", "change_enterprise", "add_project", "change_project", "set_inclusion"),
        *("import_table", "inspect_project", "review_inspections", "decide_inspection", "keep_cycle"),
        *("decide_objection", "reveal_phone", "keep_papers", "explain_difference", "import_bureau_list"),
    ]
    county = make_county()
    for division in (county.parent, county.parent.parent):
        person = make_official(role, division)
        Project.objects.filter(pk=project.pk).update(inspector=person)
        project.refresh_from_db()
        assert Project.objects.visible_to(person).filter(pk=project.pk).exists()
        rows = [project.enterprise, project, inspection, project.awards.get(), cycle, None]
        kinds = {"change_enterprise": 0, "keep_cycle": 4, "import_table": 4, "decide_objection": 3}
        kinds |= {"review_inspections": 2, "decide_inspection": 2, "import_bureau_list": 4}
        assert [act for act in writes if person.can(act, rows[kinds.get(act, 1)])] == []
        assert [act for act in writes if person.can(act)] == []


def test_who_asks_does_not_approve():
    lead, other = make_official(Role.TEAM_LEAD), make_official(Role.TEAM_LEAD)
    make_county(needs_second_person=True)
    inspection = make_inspection(make_project(), by=lead)
    assert not lead.can("decide_inspection", inspection)
    assert other.can("decide_inspection", inspection)


def test_who_confirmed_a_badge_does_not_decide_the_objection_to_it():
    lead, other = make_official(Role.TEAM_LEAD), make_official(Role.TEAM_LEAD)
    inspection = make_inspection(make_project())
    confirm_badges(inspection.half_month, [inspection.project_id], at=inspection.submitted_at, by=lead.pk)
    award = inspection.project.awards.get()
    assert not lead.can("decide_objection", award)
    assert other.can("decide_objection", award)


def test_the_three_administrators_have_no_permission_in_common():
    acts = {
        role: {act for act in ("administer_system", "administer_people", "read_trail") if person.can(act)}
        for role in (Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDITOR)
        for person in [make_official(role)]
    }
    assert acts == {
        Role.SYSTEM_ADMINISTRATOR: {"administer_system"},
        Role.SECURITY_ADMINISTRATOR: {"administer_people"},
        Role.AUDITOR: {"read_trail"},
    }


def test_the_superusers_flag_opens_nothing():
    person = make_official(Role.LEADER)
    before = {act for act in permissions if person.can(act)}
    User.objects.filter(pk=person.pk).update(is_superuser=True, is_staff=True)
    person = User.objects.get(pk=person.pk)
    assert {act for act in permissions if person.can(act)} == before
    client = Client()
    client.force_login(person)
    assert client.get(reverse("admin:index"), follow=True).status_code == 403


def test_an_enterprise_sees_its_own_numbers_alone():
    project, other = make_project(), make_project()
    person = make_enterprise_user(project.enterprise)
    assert person.can("know_phone", project)
    assert person.can("know_phone", project.enterprise)
    assert not person.can("know_phone", other)
    assert not person.can("know_phone", other.enterprise)
    assert not person.can("reveal_phone", project)


def test_the_list_of_what_is_to_inspect_and_the_permission_agree():
    county, town = make_county(), make_township()
    inspector, lead, towns_lead = (
        make_official(),
        make_official(Role.TEAM_LEAD),
        make_official(Role.TEAM_LEAD, town),
    )
    people = [
        inspector,
        lead,
        towns_lead,
        make_official(Role.LEADER),
        make_official(Role.TEAM_LEAD, county.parent),
    ]
    make_project(inspector=inspector)
    make_project(make_enterprise(township=town), inspector=make_official())
    make_project(make_enterprise(make_county("371525")), inspector=inspector)
    for person in people:
        seen = Project.objects.visible_to(person)
        assert set(inspectable_by(person)) == {one for one in seen if person.can("inspect_project", one)}


# --- townships ---


def entry(**facts: object) -> dict[str, object]:
    return {"name": "新", "nature": "new", "stage": "filed", "planned_total": "900", "township": "", **facts}


def test_a_townships_inspector_adds_in_the_township_alone():
    here, there = make_township(), make_township()
    enterprise = make_enterprise(township=here)
    client = Client()
    client.force_login(make_official(division=here, language="en"))
    page = reverse("office:add_project")
    for wrong in (there.pk, ""):
        form = client.post(page, entry(enterprise=enterprise.pk, township=wrong)).context["form"]
        assert set(form.errors) == {"township"}
    assert client.post(page, entry(enterprise=enterprise.pk, township=here.pk)).status_code == 302
    assert Project.objects.get().township == here


def test_a_townships_inspector_is_not_named_for_what_they_would_not_see():
    here, there = make_township(), make_township()
    inspector, enterprise = make_official(division=here, name="李镇"), make_enterprise()
    client = Client()
    client.force_login(make_official(Role.TEAM_LEAD, language="en"))
    page = reverse("office:add_project")
    facts = entry(enterprise=enterprise.pk, inspector=inspector.pk)
    for wrong in (there.pk, ""):
        form = client.post(page, {**facts, "township": wrong}).context["form"]
        assert "would not see a project that lies elsewhere" in str(form.errors["inspector"])
    assert client.post(page, {**facts, "township": here.pk}).status_code == 302

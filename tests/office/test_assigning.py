"""Many projects get another inspector at once: names and number first, then all of them or none."""

import re
import threading
from collections.abc import Iterator
from datetime import date
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.factories import make_county, make_enterprise, make_official, make_project, make_township, moment
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.audit.models import AuditEntry
from tracker.library import assigning
from tracker.library.assigning import SelectionChanged, assign_inspector
from tracker.library.models import Project

pytestmark = pytest.mark.django_db
ASSIGN, PROJECTS = reverse("office:assign_projects"), reverse("office:projects")


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(moment(date(2026, 11, 2)), tick=False):
        yield


def as_(person: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.cookies["django_language"] = "en"
    client.force_login(person)
    return client


def address(*projects: Project, **filters: Any) -> str:
    return f"{ASSIGN}?{urlencode([('row', project.pk) for project in projects] + list(filters.items()))}"


def shown_in(html: str) -> str:
    return unescape(re.search(r'name="shown" value="([^"]+)"', html)[1])


def assign(client: Client, where: str, inspector: Any) -> Any:
    """Look at what is shown, and say yes."""
    shown = shown_in(client.get(where).content.decode())
    return client.post(where, {"inspector": getattr(inspector, "pk", inspector), "shown": shown}, follow=True)


def inspectors() -> dict[str, str | None]:
    return dict(Project.objects.values_list("name", "inspector__name"))


def test_names_and_number_are_shown_before_anything_changes():
    li = make_official(name="李")
    first, second = make_project(name="一号", inspector=li), make_project(name="二号")
    html = as_(make_official(Role.TEAM_LEAD)).get(address(first, second)).content.decode()
    assert "Who inspects these 2 projects?" in html
    assert "Assign all 2" in html
    assert all(words in html for words in ("一号", "二号", "李: 1", "nobody: 1"))
    assert inspectors() == {"一号": "李", "二号": None}


def test_the_ticked_projects_get_the_inspector_and_no_other():
    wang = make_official(name="王")
    first, second = make_project(name="一号"), make_project(name="二号")
    make_project(name="三号")
    answer = assign(as_(make_official(Role.TEAM_LEAD)), address(first, second), wang)
    assert "2 projects are in the name of 王 now." in answer.content.decode()
    assert inspectors() == {"一号": "王", "二号": "王", "三号": None}
    assert AuditEntry.objects.filter(table="project", act="changed").count() == 2


def test_all_that_the_filters_find_can_be_assigned_even_beyond_the_page():
    wang, firm = make_official(name="王"), make_enterprise()
    facts = {"enterprise": firm, "county": firm.county, "planned_total": 1}
    Project.objects.bulk_create(Project(name=f"数控{n}", **facts) for n in range(70))
    make_project(name="其他")
    assign(as_(make_official(Role.TEAM_LEAD)), address(everything="1", q="数控"), wang)
    assert Project.objects.filter(inspector=wang).count() == 70


def test_nobody_can_be_named_too():
    project = make_project(name="一号", inspector=make_official())
    assign(as_(make_official(Role.TEAM_LEAD)), address(project), "null")
    assert inspectors() == {"一号": None}


def test_too_many_to_look_through_are_not_assigned(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tracker.office.views.assigning.MOST_AT_ONCE", 2)
    for _ in range(3):
        make_project()
    html = as_(make_official(Role.TEAM_LEAD)).get(address(everything="1")).content.decode()
    assert "At most 2 projects are assigned at once" in html
    assert 'name="shown"' not in html


def test_without_a_project_it_leads_back_to_the_list():
    make_project()
    answer = as_(make_official(Role.TEAM_LEAD)).get(address(stage="building"), follow=True)
    assert answer.redirect_chain[0][0] == f"{PROJECTS}?stage=building&tick=1"
    assert "Tick at least one project." in answer.content.decode()


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.LEADER, Role.STATISTICS_LIAISON])
def test_only_the_team_lead_assigns(role: str):
    project, person = make_project(name="一号"), make_official(role)
    assert as_(person).get(address(project)).status_code == 403
    with pytest.raises(PermissionDenied):
        assign_inspector({project.pk: None}, person, by=person)


def test_projects_and_people_of_elsewhere_are_not_there():
    lead, foreign = make_official(Role.TEAM_LEAD), make_county("371525")
    own, other = make_project(name="本县"), make_project(make_enterprise(foreign), name="外县")
    client = as_(lead)
    html = client.get(address(own, other)).content.decode()
    assert "外县" not in html
    stranger = make_official(division=foreign)
    answer = client.post(address(own), {"inspector": stranger.pk, "shown": shown_in(html)})
    assert answer.status_code == 422
    with pytest.raises(SelectionChanged):
        assign_inspector({other.pk: None}, None, by=lead)
    town_lead = make_official(Role.TEAM_LEAD, make_township())
    assert client.get(address(own)).status_code == 200
    assert as_(town_lead).get(address(own), follow=True).redirect_chain


@pytest.mark.parametrize("shown", ["", "nonsense", "a:b:c", "\x00", "x" * 99])
def test_what_was_not_shown_is_not_taken(shown: str):
    project, wang = make_project(name="一号"), make_official()
    answer = as_(make_official(Role.TEAM_LEAD)).post(address(project), {"inspector": wang.pk, "shown": shown})
    assert answer.status_code == 422
    assert inspectors() == {"一号": None}


def test_a_stale_selection_says_what_has_changed_and_changes_nothing():
    wang, li = make_official(name="王"), make_official(name="李")
    taken, moved, kept = (make_project(name=name) for name in ("甲", "乙", "丙"))
    client, where = as_(make_official(Role.TEAM_LEAD)), address(everything="1", stage="building")
    shown = shown_in(client.get(where).content.decode())
    Project.objects.filter(pk=taken.pk).update(inspector=li)
    Project.objects.filter(pk=moved.pk).update(stage="completed")
    make_project(name="丁")
    answer = client.post(where, {"inspector": wang.pk, "shown": shown})
    html = answer.content.decode()
    assert answer.status_code == 409
    told = re.findall(r"<strong>([^<]+)</strong></p><ul><li>([^<]+)</li></ul>", html)
    assert told == [
        ("No longer among them", "乙"),
        ("Found since then", "丁"),
        ("In somebody else&#x27;s name since then", "甲: 李"),
    ]
    assert inspectors()[kept.name] is None
    # What is shown now can be assigned at once.
    client.post(where, {"inspector": wang.pk, "shown": shown_in(html)})
    assert inspectors() == {"甲": "王", "乙": None, "丙": "王", "丁": "王"}


def test_saying_yes_twice_is_done_once():
    wang, project = make_official(name="王"), make_project(name="一号")
    client, where = as_(make_official(Role.TEAM_LEAD)), address(everything="1", inspector="null")
    shown = shown_in(client.get(where).content.decode())
    for _ in range(2):
        answer = client.post(where, {"inspector": wang.pk, "shown": shown}, follow=True)
    assert "All of them were in this name already." in answer.content.decode()
    assert AuditEntry.objects.filter(table="project", row=str(project.pk), act="changed").count() == 1


def race(rivals: int) -> list[int]:
    """Twenty people say yes at once, each to the inspector of one of so many; the answers' statuses."""
    lead, projects = make_official(Role.TEAM_LEAD), [make_project(name=f"项目{n}") for n in range(5)]
    people = [make_official(name=f"调度{n}") for n in range(rivals)]
    where = address(*projects)
    shown = shown_in(as_(lead).get(where).content.decode())
    clients, statuses = [as_(lead) for _ in range(20)], []

    def post(number: int) -> None:
        chosen = people[number % rivals].pk
        statuses.append(clients[number].post(where, {"inspector": chosen, "shown": shown}).status_code)
        connection.close()

    threads = [threading.Thread(target=post, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)


def changes() -> int:
    return AuditEntry.objects.filter(table="project", act="changed").count()


@pytest.mark.django_db(transaction=True)
def test_twenty_equal_assignments_at_once_have_one_result():
    assert race(rivals=1) == [302] * 20
    assert changes() == 5


@pytest.mark.django_db(transaction=True)
def test_of_two_that_contradict_each_other_one_wins_whole():
    statuses = race(rivals=2)
    assert statuses == [302] * 10 + [409] * 10
    assert len(set(inspectors().values())) == 1
    assert changes() == 5


@pytest.mark.django_db(transaction=True)
def test_control_without_the_look_at_what_was_shown_both_are_written(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(assigning, "Changes", lambda **facts: None)
    assert race(rivals=2) == [302] * 20
    assert changes() > 5

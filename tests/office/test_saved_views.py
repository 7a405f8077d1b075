"""Views of lists under a name: one's own, and those that the county shares."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.factories import make_county, make_official, make_project, make_township
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.audit.models import AuditEntry
from tracker.library.saved_views import SavedView

pytestmark = pytest.mark.django_db
PROJECTS, SAVE = reverse("office:projects"), reverse("office:save_view")


def as_(person: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.cookies["django_language"] = "en"
    client.force_login(person)
    return client


def save(person: User, name: str = "红牌", query: str = "badge=red", **more: Any) -> Any:
    return as_(person).post(SAVE, {"list": "projects", "name": name, "query": query, **more})


def edit(view: SavedView) -> str:
    return reverse("office:edit_view", args=[view.pk])


def offered(person: User) -> list[str]:
    html = as_(person).get(PROJECTS).content.decode()
    return [name for name in ("红牌", "黄牌单", "外县") if f">{name}</a>" in html]


def test_a_view_keeps_filters_order_and_columns_and_leads_back_to_them():
    person = make_official()
    answer = save(person, query="sort=-planned_total&q=&after=[1]&column=name&column=badge&badge=red&tick=1")
    view = SavedView.objects.get()
    assert view.query == "badge=red&columns=name.badge&sort=-planned_total"
    assert answer["Location"] == f"{PROJECTS}?{view.query}"
    html = as_(person).get(answer["Location"]).content.decode()
    assert '<h2 class="lists__view">红牌</h2>' in html
    assert "Save what is shown as" not in html


def test_a_view_is_ones_own_until_it_is_shared():
    owner, other, lead = make_official(), make_official(), make_official(Role.TEAM_LEAD)
    save(owner)
    assert (offered(owner), offered(other), offered(lead)) == (["红牌"], [], [])
    assert as_(other).get(edit(SavedView.objects.get())).status_code == 404


def test_the_team_lead_shares_and_everybody_in_the_county_finds_it():
    lead, other = make_official(Role.TEAM_LEAD), make_official(Role.STATISTICS_LIAISON)
    town = make_official(Role.INSPECTOR, make_township())
    city = make_official(Role.LEADER, make_county().parent)
    foreign = make_official(division=make_county("371525"))
    save(lead, is_shared="on")
    view = SavedView.objects.get()
    assert view.is_shared
    assert [offered(person) for person in (lead, other, town)] == [["红牌"]] * 3
    assert offered(foreign) == []
    assert as_(foreign).get(edit(view)).status_code == 404
    seen = [list(SavedView.objects.visible_to(person)) for person in (lead, other, town, city, foreign)]
    assert seen == [[view]] * 4 + [[]]
    # Others see it and leave it as it is.
    assert as_(other).get(edit(view)).status_code == 403


def test_only_the_team_lead_shares():
    inspector = make_official()
    save(inspector, is_shared="on")
    view = SavedView.objects.get()
    as_(inspector).post(edit(view), {"name": "红牌", "is_shared": "on"})
    view.refresh_from_db()
    assert not view.is_shared


def test_the_team_lead_looks_after_what_is_shared():
    first, second = make_official(Role.TEAM_LEAD), make_official(Role.TEAM_LEAD)
    save(first, is_shared="on")
    view = SavedView.objects.get()
    assert as_(second).post(edit(view), {"name": "黄牌单"}).status_code == 302
    view.refresh_from_db()
    assert (view.name, view.is_shared, view.owner) == ("黄牌单", False, first)
    assert as_(second).get(edit(view)).status_code == 404


def test_in_a_shared_view_everybody_sees_what_they_may_see_anyway():
    lead, town = make_official(Role.TEAM_LEAD), make_township()
    make_project(name="镇外项目")
    make_project(name="镇内项目", township=town)
    save(lead, query="sort=name", is_shared="on")
    html = as_(make_official(division=town)).get(f"{PROJECTS}?sort=name").content.decode()
    assert "镇内项目" in html
    assert "镇外项目" not in html


def test_a_view_whose_township_is_gone_says_so():
    person, town = make_official(), make_township()
    make_project(name="一号线")
    save(person, query=f"township={town.pk}")
    query = SavedView.objects.get().query
    town.delete()
    html = as_(person).get(f"{PROJECTS}?{query}").content.decode()
    assert "What the filter “Township” names is no longer there" in html
    assert "一号线" in html


def test_a_name_is_once_among_ones_own():
    person, other = make_official(), make_official()
    save(person)
    answer = save(person, name=" 红牌 ", query="badge=gold")
    assert answer.status_code == 200
    assert "You have a saved view of this name already." in answer.content.decode()
    assert save(other).status_code == 302
    assert SavedView.objects.count() == 2


def test_a_view_is_renamed_and_deleted_by_its_owner_and_all_of_it_is_written_down():
    person = make_official()
    save(person)
    view = SavedView.objects.get()
    as_(person).post(edit(view), {"name": "黄牌单", "query": "badge=gold", "list": "inclusion"})
    view.refresh_from_db()
    assert (view.name, view.query, view.list) == ("黄牌单", "badge=red", "projects")
    delete = reverse("office:delete_view", args=[view.pk])
    assert "Delete the saved view" in as_(person).get(delete).content.decode()
    assert as_(person).post(delete)["Location"] == PROJECTS
    acts = AuditEntry.objects.filter(table="savedview").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["created", "changed", "deleted"]


@pytest.mark.parametrize(
    "facts",
    [{"name": ""}, {"name": "x" * 41}, {"list": "nonsense"}, {"query": "q=" + "长" * 2000}, {"name": "\x00"}],
)
def test_what_cannot_be_saved_is_refused_in_words(facts: dict[str, str]):
    answer = as_(make_official()).post(
        SAVE, {"list": "projects", "name": "红牌", "query": "badge=red", **facts}
    )
    assert answer.status_code == 200
    assert "There is a problem" in answer.content.decode()
    assert not SavedView.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_twenty_equal_saves_make_one_view():
    person = make_official()
    clients = [as_(person) for _ in range(20)]
    statuses: list[int] = []

    def post(client: Client) -> None:
        data = {"list": "projects", "name": "红牌", "query": "badge=red"}
        statuses.append(client.post(SAVE, data).status_code)
        connection.close()

    threads = [threading.Thread(target=post, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 19 + [302]
    assert SavedView.objects.count() == 1

"""The pages on which the same thing entered twice is found and made one."""

from datetime import date
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests.factories import make_county, make_enterprise, make_official, make_project, moment
from tracker.accounts.roles import Role
from tracker.library.models import Enterprise
from tracker.merging.models import DifferentEnterprises

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def now() -> Any:
    with time_machine.travel(moment(date(2026, 11, 2)), tick=False):
        yield


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make_official(Role.TEAM_LEAD, language="en"))
    return client


@pytest.fixture
def pair() -> tuple[Enterprise, Enterprise]:
    kept = make_enterprise(name="山东恒源新能源科技有限公司", chain="")
    return kept, make_enterprise(
        name="恒源新能源科技有限责任公司", chain="新材料", contact_phone="13812345678"
    )


def test_pairs_are_listed_and_told_apart_for_good(client: Client, pair: Any):
    one, other = pair
    project = make_project(one, name="智能喷涂线技改项目")
    make_project(one, name="智能喷涂线改造项目")
    page = client.get(reverse("office:duplicates")).content.decode()
    assert all(row.name in page for row in (one, other, project))
    assert "Possible duplicates" in client.get(reverse("office:more")).content.decode()
    facts = {"kind": "enterprise", "one": other.pk, "other": one.pk}
    assert client.post(reverse("office:duplicates"), facts).status_code == 302
    assert DifferentEnterprises.objects.get().told_by is not None
    assert other.name not in client.get(reverse("office:duplicates")).content.decode()


@pytest.mark.parametrize("kind", ["enterprise", "nothing", ""])
def test_nonsense_and_other_counties_are_not_told_apart(client: Client, pair: Any, kind: str):
    outside = make_enterprise(make_county("371525"))
    for one, other in ((pair[0].pk, outside.pk), (pair[0].pk, pair[0].pk), ("x", 10**30)):
        answer = client.post(reverse("office:duplicates"), {"kind": kind, "one": one, "other": other})
        assert answer.status_code in {302, 404}
    assert not DifferentEnterprises.objects.exists()


def test_a_merge_is_looked_at_chosen_and_done_once(client: Client, pair: Any):
    kept, other = pair
    make_project(other, name="甲线改造")
    address = reverse("office:merge_enterprise", args=[kept.pk])
    assert other.name in client.get(address).content.decode()
    assert other.name in client.get(address, {"q": other.credit_code}).content.decode()
    page = client.get(address, {"with": other.pk}).content.decode()
    assert "138****5678" in page
    assert "13812345678" not in page
    assert "projects: 1" in page
    assert client.post(address, {"with": other.pk}).status_code == 422  # nothing was chosen
    choice = {"with": other.pk, "of_name": "kept", "of_credit_code": "kept", "of_chain": "merged"}
    choice |= {"of_contact_phone": "merged"}
    for _time in range(2):
        answer = client.post(address, choice)
        assert (answer.status_code, answer["Location"]) == (302, reverse("office:enterprise", args=[kept.pk]))
    kept.refresh_from_db()
    assert [kept.chain, kept.contact_phone] == ["新材料", "13812345678"]
    answer = client.get(reverse("office:enterprise", args=[other.pk]), follow=True)
    assert answer.redirect_chain == [(reverse("office:enterprise", args=[kept.pk]), 302)]
    assert "was merged into this record" in answer.content.decode()
    assert other.name not in client.get(reverse("office:enterprises")).content.decode()


def test_projects_are_merged_within_an_enterprise(client: Client, pair: Any):
    kept = make_project(pair[0], name="甲线改造", planned_total=1000)
    other, elsewhere = make_project(pair[0], name="甲线技改", planned_total=1500), make_project(pair[1])
    address = reverse("office:merge_project", args=[kept.pk])
    assert client.post(address, {"with": elsewhere.pk}).status_code == 422
    answer = client.post(address, {"with": other.pk, "of_name": "kept", "of_planned_total": "merged"})
    assert answer.status_code == 302
    kept.refresh_from_db()
    assert kept.planned_total == 1500
    answer = client.get(reverse("office:project", args=[other.pk]))
    assert answer["Location"] == reverse("office:project", args=[kept.pk])


def test_both_pages_say_what_may_be_the_same(client: Client, pair: Any):
    kept, other = pair
    page = client.get(reverse("office:enterprise", args=[kept.pk])).content.decode()
    assert "of a similar name" in page
    assert other.name in page
    one, two = make_project(kept, name="甲产线改造"), make_project(kept, name="甲产线技改项目")
    assert two.name in client.get(reverse("office:project", args=[one.pk])).content.decode()
    reader = Client()
    reader.force_login(make_official(Role.LEADER, language="en"))
    assert (
        "of a similar name" not in reader.get(reverse("office:enterprise", args=[kept.pk])).content.decode()
    )


def test_who_adds_a_double_is_shown_the_first_one_and_saves_once_more_if_it_is_another(
    client: Client, pair: Any
):
    kept, other = pair
    facts = {"name": "恒源新能源科技公司", "credit_code": "91110000600037341L"}
    answer = client.post(reverse("office:add_enterprise"), facts)
    assert answer.status_code == 422
    assert kept.name in answer.content.decode()
    assert not Enterprise.objects.filter(credit_code=facts["credit_code"]).exists()
    again = {**facts, "not_the_same": [kept.pk, other.pk]}
    assert client.post(reverse("office:add_enterprise"), again).status_code == 302
    assert Enterprise.objects.filter(credit_code=facts["credit_code"]).exists()

    make_project(kept, name="甲产线技改项目")
    project = {"enterprise": kept.pk, "name": "甲产线改造项目", "nature": "transformation", "stage": "filed"}
    answer = client.post(reverse("office:add_project"), {**project, "planned_total": "1000"})
    assert answer.status_code == 422
    assert "甲产线技改项目" in answer.content.decode()


def test_who_tries_a_code_that_is_taken_is_told_whose_it_is_as_far_as_they_may_see_it(
    client: Client, pair: Any
):
    outside = make_enterprise(make_county("371525"), name="外县的企业")
    for owner, is_told in ((pair[0], True), (outside, False)):
        facts = {"name": "某某机械有限公司", "credit_code": owner.credit_code}
        page = client.post(reverse("office:add_enterprise"), facts).content.decode()
        assert (owner.name in page) is is_told

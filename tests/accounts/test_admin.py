"""What administrators keep, and how far their hands reach."""

from datetime import date
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from tests.factories import (
    PASSWORD,
    make_county,
    make_enterprise,
    make_enterprise_user,
    make_inspection,
    make_official,
)
from tracker.accounts.models import User
from tracker.accounts.roles import ADMINISTRATORS, Role
from tracker.badges.models import Award, BadgePolicy
from tracker.badges.policy import DEFAULT_POINTS
from tracker.calendars.models import CalendarDay
from tracker.inspections.models import Inspection
from tracker.library.models import Division, Enterprise, Project
from tracker.mailing.models import Message

pytestmark = pytest.mark.django_db

PEOPLE, POLICIES = "admin:tracker_user", "admin:tracker_badgepolicy"


@pytest.fixture
def office() -> Client:
    """A county's system administrator at work."""
    client = Client()
    client.force_login(make_official(Role.SYSTEM_ADMINISTRATOR, language="en"))
    return client


@pytest.fixture
def gate() -> Client:
    """A county's security administrator at work."""
    client = Client()
    client.force_login(make_official(Role.SECURITY_ADMINISTRATOR, language="en"))
    return client


@pytest.fixture
def above_all() -> Client:
    """Somebody who keeps what holds for every county."""
    person = make_official(Role.SYSTEM_ADMINISTRATOR, language="en")
    User.objects.filter(pk=person.pk).update(division=None)
    client = Client()
    client.force_login(person)
    return client


def new_person(**facts: Any) -> dict[str, Any]:
    return {
        "email": "New@County.test",
        "name": "新人",
        "language": "zh-hans",
        "role": Role.INSPECTOR,
        "division": make_county().pk,
        "enterprise": "",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        **facts,
    }


def policy_form(**numbers: Any) -> dict[str, Any]:
    return {
        **{name: "" if value is None else value for name, value in DEFAULT_POINTS.to_dict().items()},
        "code": "county-2",
        "county": make_county().pk,
        "effective_from": "2026-11-01",
        **numbers,
    }


def errors(answer: Any) -> dict[str, Any]:
    return answer.context["adminform"].form.errors


@pytest.mark.parametrize("role", sorted(set(Role) - ADMINISTRATORS))
@pytest.mark.parametrize("page", ["admin:index", f"{PEOPLE}_changelist", f"{POLICIES}_add"])
def test_only_administrators_come_in(client: Client, role: Role, page: str):
    user = make_enterprise_user() if role == Role.ENTERPRISE else make_official(role, is_staff=True)
    client.force_login(user)
    assert client.get(reverse(page), follow=True).status_code == 403


def test_a_stranger_signs_in_at_the_front_door(client: Client):
    answer = client.get(reverse(f"{PEOPLE}_changelist"), follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))
    assert client.post(reverse("admin:login"), {"username": "x", "password": "y"}).status_code == 302


@pytest.mark.parametrize("model", [Award, Inspection, Project, EmailAddress, Group])
def test_what_follows_from_the_rule_has_no_way_in_from_here(model: type):
    assert not admin.site.is_registered(model)


def test_a_new_person_can_sign_in_with_the_first_password(gate: Client, client: Client):
    assert gate.post(reverse(f"{PEOPLE}_add"), new_person()).status_code == 302
    person = User.objects.get(email="new@county.test")
    assert person.password != PASSWORD
    assert person.check_password(PASSWORD)
    assert not person.is_staff
    client.post(reverse("account_login"), {"login": "new@county.test", "password": PASSWORD})
    assert "_auth_user_id" in client.session


def test_a_new_person_may_choose_the_password_themselves(gate: Client):
    gate.post(reverse(f"{PEOPLE}_add"), new_person(usable_password="false", password1="", password2=""))
    assert not User.objects.get(email="new@county.test").has_usable_password()


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"division": ""}, "division"),
        ({"role": Role.ENTERPRISE, "division": ""}, "enterprise"),
        ({"role": Role.ENTERPRISE}, "division"),
        ({"password2": "another-horse-battery"}, "password2"),
        ({"password1": "short", "password2": "short"}, "password2"),
        ({"role": "emperor"}, "role"),
        ({"email": "not an address"}, "email"),
    ],
)
def test_a_person_who_cannot_be_is_refused_at_the_field(gate: Client, facts: dict[str, Any], field: str):
    answer = gate.post(reverse(f"{PEOPLE}_add"), new_person(**facts))
    assert field in errors(answer)
    assert not User.objects.filter(email="new@county.test").exists()


def test_an_official_belongs_to_no_enterprise(gate: Client):
    answer = gate.post(reverse(f"{PEOPLE}_add"), new_person(enterprise=make_enterprise().pk))
    assert "enterprise" in errors(answer)


def test_the_same_address_in_other_letters_is_the_same_person(gate: Client):
    make_official(email="new@county.test")
    assert "email" in errors(gate.post(reverse(f"{PEOPLE}_add"), new_person()))


def change_form(person: User, **facts: Any) -> dict[str, Any]:
    return {
        "email": person.email,
        "name": person.name,
        "language": person.language,
        "role": person.role,
        "division": person.division_id or "",
        "enterprise": person.enterprise_id or "",
        "is_active": "on",
        **facts,
    }


def test_a_changed_address_leaves_no_older_one_to_sign_in_with(gate: Client, client: Client):
    person = make_official(email="old@county.test")
    EmailAddress.objects.create(user=person, email="old@county.test", primary=True, verified=True)
    page = reverse(f"{PEOPLE}_change", args=[person.pk])
    assert gate.post(page, change_form(person, email="new@county.test")).status_code == 302
    client.post(reverse("account_login"), {"login": "old@county.test", "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_who_becomes_an_administrator_comes_in_and_who_ceases_to_be_does_not(gate: Client):
    person = make_official(Role.INSPECTOR)
    page = reverse(f"{PEOPLE}_change", args=[person.pk])
    for role, status in ((Role.SYSTEM_ADMINISTRATOR, 200), (Role.AUDITOR, 403)):
        assert gate.post(page, change_form(person, role=role)).status_code == 302
        person.refresh_from_db()
        theirs = Client()
        theirs.force_login(person)
        assert theirs.get(reverse("admin:index"), follow=True).status_code == status


def test_nobody_is_deleted(gate: Client, above_all: Client):
    person = make_official()
    for client in (gate, above_all):
        assert client.post(reverse(f"{PEOPLE}_delete", args=[person.pk]), {"post": "yes"}).status_code == 403


def test_an_administrator_sees_only_the_people_of_their_own_division(gate: Client):
    theirs = make_official(name="本县的人")
    others = make_official(name="外县的人", division=make_county("371525"))
    listed = gate.get(reverse(f"{PEOPLE}_changelist")).content.decode()
    assert theirs.name in listed
    assert others.name not in listed
    page = reverse(f"{PEOPLE}_change", args=[others.pk])
    assert gate.get(page).status_code == 302
    assert gate.post(page, change_form(others, name="改名")).status_code == 302
    others.refresh_from_db()
    assert others.name == "外县的人"


def test_an_administrator_puts_nobody_above_their_own_division(gate: Client):
    for place in (make_county().parent, make_county("371525")):
        answer = gate.post(reverse(f"{PEOPLE}_add"), new_person(division=place.pk))
        assert "division" in errors(answer)


def test_an_administrator_takes_over_nobody_above_all_divisions(gate: Client):
    root = User.objects.create_superuser("root2@county.test", PASSWORD)
    page = reverse("admin:auth_user_password_change", args=[root.pk])
    gate.post(page, {"password1": "another-horse-battery", "password2": "another-horse-battery"})
    root.refresh_from_db()
    assert root.check_password(PASSWORD)


def test_the_first_person_is_a_security_administrator_and_no_superuser():
    root = User.objects.create_superuser("root2@county.test", PASSWORD)
    assert (root.role, root.is_superuser, root.stands_above_all) == (Role.SECURITY_ADMINISTRATOR, False, True)


def test_only_somebody_above_all_divisions_puts_others_there(gate: Client):
    entry = new_person(role=Role.SYSTEM_ADMINISTRATOR, division="")
    assert "division" in errors(gate.post(reverse(f"{PEOPLE}_add"), entry))
    above = Client()
    above.force_login(User.objects.create_superuser("root2@county.test", PASSWORD))
    assert "division" in errors(above.post(reverse(f"{PEOPLE}_add"), {**entry, "role": Role.LEADER}))
    assert above.post(reverse(f"{PEOPLE}_add"), entry).status_code == 302
    assert User.objects.get(email="new@county.test").stands_above_all


def test_nobody_gives_themselves_another_role(gate: Client):
    person = User.objects.get(role=Role.SECURITY_ADMINISTRATOR)
    page = reverse(f"{PEOPLE}_change", args=[person.pk])
    entry = change_form(person, name="改名", role=Role.AUDITOR, is_active="")
    assert gate.post(page, entry).status_code == 302
    person.refresh_from_db()
    assert (person.name, person.role, person.is_active) == ("改名", Role.SECURITY_ADMINISTRATOR, True)


def test_choices_offered_while_typing_keep_to_the_division(gate: Client):
    make_enterprise(name="本县虚构企业")
    make_enterprise(make_county("371525"), name="外县虚构企业")
    answer = gate.get(
        reverse("admin:autocomplete"),
        {"app_label": "tracker", "model_name": "user", "field_name": "enterprise", "term": "虚构"},
    )
    assert [row["text"] for row in answer.json()["results"]] == ["本县虚构企业"]


def test_enterprises_and_mails_are_only_looked_at(office: Client):
    enterprise = make_enterprise()
    person = make_official()
    message = Message.objects.create(
        key="k", kind="reminder", recipient=person, address=person.email, language="en", subject="s", text="t"
    )
    for model, row in ((Enterprise, enterprise), (Message, message)):
        name = f"admin:tracker_{model._meta.model_name}"
        assert office.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200
        assert office.post(reverse(f"{name}_change", args=[row.pk]), {"name": "x"}).status_code == 403
        assert office.get(reverse(f"{name}_add")).status_code == 403


def test_the_form_of_a_policy_starts_from_the_standard_rule(office: Client):
    form = office.get(reverse(f"{POLICIES}_add")).context["adminform"].form
    assert {name: form[name].value() for name in ("kind", "yellow_at", "red_above", "fresh_red")} == {
        "kind": "points",
        "yellow_at": "10",
        "red_above": "30",
        "fresh_red": 4,
    }


def test_a_new_policy_is_kept_as_the_rule_takes_it(office: Client):
    answer = office.post(reverse(f"{POLICIES}_add"), policy_form(kind="ratio", ratio_yellow_below="85.50"))
    assert answer.status_code == 302
    policy = BadgePolicy.objects.get(code="county-2").policy
    assert (policy.code, policy.kind, str(policy.ratio_yellow_below)) == ("county-2", "ratio", "85.5")
    assert BadgePolicy.objects.in_force(make_county(), date(2026, 11, 1)).code == "county-2"


@pytest.mark.parametrize(
    ("numbers", "field"),
    [
        ({"yellow_at": "0"}, "yellow_at"),
        ({"yellow_at": "40"}, "red_above"),
        ({"red_above": "101"}, "red_above"),
        ({"red_above": "NaN"}, "red_above"),
        ({"ratio_red_below": "80"}, "ratio_red_below"),
        ({"start_red_after_months": "1"}, "start_red_after_months"),
        ({"inclusion_red_after_days": "30"}, "inclusion_red_after_days"),
        ({"fresh_red": "2"}, "fresh_red"),
        ({"history_yellow_run": "1.5"}, "history_yellow_run"),
        ({"kind": "mood"}, "kind"),
        ({"preset": "moon"}, "preset"),
        ({"effective_from": "2026-11-05"}, "effective_from"),
        ({"county": ""}, "county"),
    ],
)
def test_numbers_that_do_not_go_together_are_refused_at_the_field(
    office: Client, numbers: dict[str, Any], field: str
):
    answer = office.post(reverse(f"{POLICIES}_add"), policy_form(**numbers))
    assert field in errors(answer)
    assert not BadgePolicy.objects.filter(code="county-2").exists()


def test_a_policy_under_which_a_badge_was_given_stays_as_it_is(above_all: Client):
    inspection = make_inspection()
    used = Award.objects.get(project=inspection.project).policy
    terms = used.terms
    page = reverse(f"{POLICIES}_change", args=[used.pk])
    assert above_all.get(page).status_code == 200
    assert above_all.post(page, policy_form(county="", yellow_at="5")).status_code == 403
    used.refresh_from_db()
    assert used.terms == terms


def test_a_policy_for_everybody_is_kept_from_above_all_divisions_alone(office: Client, above_all: Client):
    shared = BadgePolicy.objects.get(county=None)
    page = reverse(f"{POLICIES}_change", args=[shared.pk])
    form = policy_form(county="", code=shared.code, effective_from=shared.effective_from.isoformat())
    assert office.post(page, {**form, "yellow_at": "5"}).status_code == 403
    assert above_all.post(page, {**form, "yellow_at": "5"}).status_code == 302
    shared.refresh_from_db()
    assert shared.terms["yellow_at"] == "5"


def test_special_days_are_added_for_ones_own_county_and_taken_back(office: Client):
    add = reverse("admin:tracker_calendarday_add")
    day = {"day": "2026-11-28", "is_working": "on", "note": "调休"}
    assert "county" in errors(office.post(add, {**day, "county": ""}))
    assert "county" in errors(office.post(add, {**day, "county": make_county("371525").pk}))
    assert office.post(add, {**day, "county": make_county().pk}).status_code == 302
    special = CalendarDay.objects.get()
    office.post(reverse("admin:tracker_calendarday_delete", args=[special.pk]), {"post": "yes"})
    assert not CalendarDay.objects.exists()


def test_a_township_is_added_below_ones_own_county_and_keeps_its_place(office: Client):
    add = reverse("admin:tracker_division_add")
    place = {"level": "township", "code": "", "name_zh": "虚构新镇", "name_en": ""}
    assert "parent" in errors(office.post(add, {**place, "parent": ""}))
    assert "parent" in errors(office.post(add, {**place, "parent": make_county("371525").pk}))
    assert office.post(add, {**place, "parent": make_county().pk}).status_code == 302
    town = Division.objects.get(name_zh="虚构新镇")
    assert town.path.startswith(make_county().path)


def test_pages_of_the_administration_keep_to_the_policy_on_scripts(gate: Client):
    page = gate.get(reverse(f"{PEOPLE}_add"))
    assert "default-src 'self'" in page["Content-Security-Policy"]
    assert " style=" not in page.content.decode()
    assert "<script>" not in page.content.decode()

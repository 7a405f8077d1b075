"""The administration's pages: what they tell, where they lead, and what they keep to themselves."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from tests.factories import PASSWORD, make_county, make_enterprise, make_official, make_project, make_township
from tracker.accounts import invitations
from tracker.accounts.lockout.models import SignInAttempt
from tracker.accounts.lockout.rules import Kind
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.admin.choosing import placed
from tracker.badges.models import BadgePolicy
from tracker.badges.policy import DEFAULT_POINTS
from tracker.calendars.models import CalendarDay
from tracker.library.models import Division
from tracker.mailing.models import Message
from tracker.mailing.words import KINDS

pytestmark = pytest.mark.django_db


def at_work(role: Role, **facts: Any) -> Client:
    """An administrator of the county who reads English."""
    client = Client()
    client.force_login(make_official(role, **{"language": "en", **facts}))
    return client


@pytest.fixture
def gate() -> Client:
    return at_work(Role.SECURITY_ADMINISTRATOR)


@pytest.fixture
def office() -> Client:
    return at_work(Role.SYSTEM_ADMINISTRATOR)


@pytest.fixture
def newcomer() -> User:
    """Somebody without a password."""
    return User.objects.create_user(
        "new@county.test", name="新人", role=Role.INSPECTOR, division=make_county()
    )


def mail(**facts: Any) -> Message:
    person = make_official()
    facts = {"key": "k", "kind": "reminder", "subject": "Due", "language": "en", **facts}
    return Message.objects.create(recipient=person, address=person.email, text="t", html="", **facts)


def page_of(client: Client, row: Any) -> str:
    page = reverse(f"admin:tracker_{row._meta.model_name}_change", args=[row.pk])
    return client.get(page).content.decode()


# --- where links lead ---


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR])
@pytest.mark.parametrize("is_above_all", [False, True])
def test_no_link_leads_to_a_page_that_is_refused(role: Role, is_above_all: bool):
    county = make_county(needs_second_person=False)
    make_project(make_enterprise(county, township=make_township(county)))
    mail()
    CalendarDay.objects.create(day=date(2026, 10, 1), county=county, is_working=False)
    SignInAttempt.objects.create(
        account=make_official().email, address="10.0.0.1", kind=Kind.PASSWORD, at=timezone.now()
    )
    client = at_work(role)
    if is_above_all:
        User.objects.filter(role=role).update(division=None)
    followed = {reverse("admin:index")}
    for model in admin.site._registry:
        name = f"admin:tracker_{model._meta.model_name}"
        if client.get(reverse(f"{name}_changelist")).status_code == 200:
            row = admin.site.get_model_admin(model).get_queryset(client.get("/admin/").wsgi_request).last()
            followed |= {reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[row.pk])}
    assert len(followed) > 5
    links: set[str] = set()
    for page in followed:
        answer = client.get(page)
        assert answer.status_code == 200, page
        links |= set(re.findall(r'href="(/admin/[^"?#]*)', answer.content.decode()))
    # One of each kind is enough: what may be opened depends on the table.
    for link in {re.sub(r"\d+", "N", link): link for link in links - followed}.values():
        assert client.get(link).status_code != 403, link


def test_what_may_not_be_opened_is_told_in_words(office: Client, gate: Client):
    message, enterprise = mail(), make_enterprise()
    assert message.recipient.name in page_of(office, message)
    assert reverse("admin:tracker_user_change", args=[message.recipient_id]) not in page_of(office, message)
    assert str(enterprise.industry) in page_of(gate, enterprise)
    assert reverse("admin:tracker_industry_change", args=[enterprise.industry_id]) not in page_of(
        gate, enterprise
    )
    assert reverse("admin:tracker_industry_change", args=[enterprise.industry_id]) in page_of(
        office, enterprise
    )


# --- the frame of every page ---


def test_a_page_says_who_is_signed_in_and_has_the_products_ways_out(gate: Client):
    person = User.objects.get(role=Role.SECURITY_ADMINISTRATOR)
    page = gate.get(reverse("admin:index")).content.decode()
    head = page.split('<header id="header">')[1].split("</header>")[0]
    assert person.name in head
    assert person.email not in page
    for name in ("home", "account_change_password", "account_logout", "set_language"):
        assert f'"{reverse(name)}"' in head
    assert reverse("admin:logout") not in page
    assert '<link rel="icon"' in page


@pytest.mark.parametrize(
    ("page", "ours"),
    [
        ("password_change", "account_change_password"),
        ("password_change_done", "account_change_password"),
        ("logout", "account_logout"),
    ],
)
def test_there_is_one_page_for_the_password_and_one_for_signing_out(gate: Client, page: str, ours: str):
    for answer in (gate.get(reverse(f"admin:{page}")), gate.post(reverse(f"admin:{page}"))):
        assert answer["Location"] == reverse(ours)


def test_the_language_is_switched_without_leaving_the_page(gate: Client):
    here = reverse("admin:tracker_user_changelist")
    assert f'name="next" value="{here}"' in gate.get(here).content.decode()
    gate.post(reverse("set_language"), {"language": "zh-hans", "next": here})
    assert '<html lang="zh-hans"' in gate.get(here).content.decode()


# --- people ---


def test_the_history_names_whoever_changed_something(gate: Client, newcomer: User):
    actor = User.objects.get(role=Role.SECURITY_ADMINISTRATOR)
    LogEntry.objects.log_actions(actor.pk, [newcomer], CHANGE, change_message="[]", single_object=True)
    page = gate.get(reverse("admin:tracker_user_history", args=[newcomer.pk])).content.decode()
    assert f"<td>{actor.name}</td>" in page
    assert actor.email not in page


def test_of_a_password_only_whether_it_is_set_is_told(gate: Client, newcomer: User):
    person = make_official()
    page = page_of(gate, person)
    assert "A password is set." in page
    algorithm, *_, salt, digest = person.password.split("$")
    for part in (algorithm, "algorithm", "hash", salt[:6], digest[:6]):
        assert part not in page
    assert "No password is set." in page_of(gate, newcomer)


def test_what_can_be_done_about_an_invitation_is_offered_while_it_has_an_effect(gate: Client, newcomer: User):
    by, now = User.objects.get(role=Role.SECURITY_ADMINISTRATOR), timezone.now()

    def offered() -> set[str]:
        return set(re.findall(r'name="action" value="(\w+)"', page_of(gate, newcomer))) - {"end_all_sessions"}

    assert offered() == {"invite_again"}
    assert "Invite by mail" in page_of(gate, newcomer)
    invitation, _ = invitations.invite(newcomer, by=by, now=now)
    assert offered() == {"invite_again", "withdraw_invitation"}
    type(invitation).objects.filter(pk=invitation.pk).update(expires_at=now - timedelta(seconds=1))
    assert offered() == {"invite_again"}
    type(invitation).objects.filter(pk=invitation.pk).update(expires_at=now + timedelta(days=1))
    invitations.accept(invitation, PASSWORD, now=now)
    assert offered() == set()


def test_who_has_a_password_and_was_never_invited_is_offered_no_invitation(gate: Client):
    page = page_of(gate, make_official())
    assert "invite_again" not in page
    assert "withdraw_invitation" not in page


def test_what_cannot_be_undone_looks_so(gate: Client, newcomer: User):
    page = gate.post(
        reverse("admin:tracker_user_changelist"),
        {"action": "remove_personal_data", "_selected_action": newcomer.pk},
    ).content.decode()
    assert 'class="cannot-be-undone"' in page
    assert '<input type="submit" class="grave"' in page


# --- places ---


def test_a_place_is_named_with_the_county_and_the_city_it_lies_in():
    county = make_county()
    town = make_township(county, "庆云镇")
    with translation.override("zh-hans"):
        assert placed(town) == "德州市 › 庆云县 › 庆云镇"
        assert placed(county) == "德州市 › 庆云县"
        assert placed(county.parent) == "山东省 › 德州市"
        assert placed(county.parent.parent) == "山东省"


def test_counties_are_offered_before_the_townships_that_bear_their_names(gate: Client):
    User.objects.filter(role=Role.SECURITY_ADMINISTRATOR).update(language="zh-hans")
    make_township(make_county(), "庆云镇")
    asked = {"app_label": "tracker", "model_name": "user", "field_name": "division", "term": "庆云"}
    found = [row["text"] for row in gate.get(reverse("admin:autocomplete"), asked).json()["results"]]
    assert found == ["德州市 › 庆云县", "德州市 › 庆云县 › 庆云镇"]


def test_two_counties_of_one_name_are_told_apart_where_one_is_chosen():
    User.objects.create_superuser("root@county.test", PASSWORD)
    above = at_work(Role.SYSTEM_ADMINISTRATOR)
    User.objects.filter(role=Role.SYSTEM_ADMINISTRATOR).update(division=None, language="zh-hans")
    for city in Division.objects.filter(level=Division.Level.CITY)[:2]:
        Division.objects.get_or_create(parent=city, name_zh="虚构区", level=Division.Level.COUNTY)
    form = above.get(reverse("admin:tracker_calendarday_add")).context["adminform"].form
    named = [label for _, label in form.fields["county"].choices if label.endswith("虚构区")]
    assert len(set(named)) == 2
    assert all(" › " in label for label in named)


def test_choosing_a_county_costs_no_query_for_each(django_assert_max_num_queries: Any):
    above = at_work(Role.SYSTEM_ADMINISTRATOR)
    User.objects.filter(role=Role.SYSTEM_ADMINISTRATOR).update(division=None)
    assert Division.objects.counties().count() > 100
    with django_assert_max_num_queries(15):
        above.get(reverse("admin:tracker_calendarday_add"))


# --- mails and rules in words ---


def test_every_kind_of_mail_has_a_name():
    folders = {path.parent.name for path in (settings.BASE_DIR / "templates/emails").glob("*/subject.txt")}
    assert set(KINDS) == folders


def test_a_mail_is_listed_with_its_kind_and_what_became_of_it(office: Client):
    at = timezone.now()
    mail(key="1", kind="monthly_summary", sent_at=at)
    mail(key="2", parked_at=at)
    mail(key="3", sent_at=at, withdrawn_at=at)
    mail(key="4", kind="of an earlier version")
    listed = reverse("admin:tracker_message_changelist")
    page = office.get(listed).content.decode()
    for words in ("monthly summary", "sent: ", "given up: ", "withdrawn: ", "waiting to be sent"):
        assert words in page
    assert "monthly_summary<" not in page
    assert "of an earlier version" in page
    chosen = office.get(listed, {"kind": "monthly_summary"}).context["cl"].queryset
    assert [message.key for message in chosen] == ["1"]


def test_the_numbers_of_a_rule_stand_beside_their_names(office: Client):
    rule = BadgePolicy.objects.get(county=None)
    page = page_of(office, rule)
    for name in ("yellow_at", "ratio_red_below", "preset", "kind"):
        assert f"{name}:" not in page
    assert "<dt>yellow from so many points behind</dt><dd>10</dd>" in page
    assert f"<dd>{DEFAULT_POINTS.history_yellow_run}</dd>" in page
    assert "in percentage points behind plan" in page

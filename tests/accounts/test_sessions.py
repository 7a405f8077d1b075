"""Sessions end by time, by the person, by an administrator, and by what changes about the account."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories import PASSWORD, make_enterprise_user, make_official
from tracker.accounts.models import User, Visit
from tracker.accounts.roles import Role
from tracker.accounts.rules import Why
from tracker.accounts.tasks import tidy
from tracker.accounts.visits import end_sessions
from tracker.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

TODAY = "/office/"
ENGLISH = {"accept-language": "en"}
NEW_PASSWORD = "another-horse-battery"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0"


@pytest.fixture
def person() -> User:
    return make_official(email="li@county.test", language="en")


def signed_in(person: User, **headers: str) -> Client:
    client = Client(headers={**ENGLISH, **headers})
    form = {"login": person.email, "password": PASSWORD}
    assert client.post(reverse("account_login"), form).status_code == 302
    return client


def goes_on(client: Client) -> bool:
    return client.get(TODAY).status_code == 200


def idle_for(visit: Visit, so_long: timedelta) -> None:
    Visit.objects.filter(pk=visit.pk).update(last_seen_at=timezone.now() - so_long)


def old_by(visit: Visit, so_long: timedelta) -> None:
    Visit.objects.filter(pk=visit.pk).update(signed_in_at=timezone.now() - so_long)


# --- limits ---


@pytest.mark.parametrize(("idle_minutes", "does_go_on"), [(29, True), (30, False)])
def test_a_session_ends_after_half_an_hour_without_activity(
    person: User, idle_minutes: int, does_go_on: bool
):
    client = signed_in(person)
    idle_for(Visit.objects.get(), timedelta(minutes=idle_minutes))
    assert goes_on(client) is does_go_on


@pytest.mark.parametrize(("minutes_old", "does_go_on"), [(719, True), (720, False)])
def test_a_session_ends_twelve_hours_after_sign_in_however_busy(
    person: User, minutes_old: int, does_go_on: bool
):
    client = signed_in(person)
    old_by(Visit.objects.get(), timedelta(minutes=minutes_old))
    assert goes_on(client) is does_go_on


def test_the_control_without_the_watch_the_session_goes_on(person: User, settings: Any):
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "watched_sessions" not in one]
    client = Client()
    client.force_login(person)
    idle_for(Visit.objects.get(), timedelta(hours=3))
    assert client.get(reverse("account_email")).status_code == 200


def test_the_limits_are_the_deployments(person: User, settings: Any):
    settings.SESSION_IDLE = timedelta(minutes=10)
    client = signed_in(person)
    idle_for(Visit.objects.get(), timedelta(minutes=11))
    assert not goes_on(client)


def test_work_keeps_a_session_alive(person: User):
    client = signed_in(person)
    for _ in range(3):
        idle_for(Visit.objects.get(), timedelta(minutes=20))
        assert goes_on(client)
    assert timezone.now() - Visit.objects.get().last_seen_at < timedelta(minutes=1)


@pytest.mark.parametrize("headers", [{"x-background": "yes"}, {"sec-fetch-dest": "empty"}])
def test_a_script_that_asks_by_itself_keeps_nothing_alive(person: User, headers: dict[str, str]):
    client = signed_in(person)
    idle_for(Visit.objects.get(), timedelta(minutes=29))
    assert client.get(TODAY, headers=headers).status_code == 200
    idle_for(Visit.objects.get(), timedelta(minutes=31))
    assert not goes_on(client)
    client = signed_in(person)
    visit = Visit.objects.get(ended_at=None)
    idle_for(visit, timedelta(minutes=20))
    client.get(TODAY, headers=headers)
    visit.refresh_from_db()
    assert timezone.now() - visit.last_seen_at > timedelta(minutes=19)


def test_activity_is_written_at_most_once_a_minute(person: User):
    client = signed_in(person)
    idle_for(Visit.objects.get(), timedelta(seconds=70))
    written = []
    for _ in range(3):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(TODAY)
        written.append([q for q in queries if q["sql"].startswith("UPDATE")])
    assert [len(one) for one in written] == [1, 0, 0]


@pytest.mark.parametrize(
    ("age", "idle", "words"),
    [
        (timedelta(hours=1), timedelta(minutes=31), "nothing was done for 30 minutes"),
        (timedelta(hours=13), timedelta(), "sign in again after 12 hours"),
    ],
)
def test_the_sign_in_page_says_why_and_leads_back(person: User, age: timedelta, idle: timedelta, words: str):
    client = signed_in(person)
    old_by(Visit.objects.get(), age)
    idle_for(Visit.objects.get(), idle)
    answer = client.get(f"{TODAY}?county=371423", follow=True)
    assert answer.redirect_chain[0][0].startswith(reverse("account_login"))
    assert words in answer.content.decode()
    form = {"login": person.email, "password": PASSWORD, "next": answer.context["redirect_field_value"]}
    assert client.post(reverse("account_login"), form)["Location"] == f"{TODAY}?county=371423"


def test_a_form_that_came_too_late_leads_back_to_its_page(person: User):
    client = signed_in(person)
    idle_for(Visit.objects.get(), timedelta(hours=1))
    answer = client.post(
        reverse("sessions"), {"others": "yes"}, headers={"referer": f"http://testserver{TODAY}?a=1"}
    )
    assert "next=/office/%3Fa%3D1" in answer["Location"]
    assert "ended=idle" in answer["Location"]


def test_a_made_up_reason_says_nothing(client: Client):
    page = client.get(reverse("account_login"), {"ended": "<script>"}, headers=ENGLISH).content.decode()
    assert "<script>" not in page.replace('<script src="', "")
    assert 'role="status"' not in page


def test_a_page_for_everybody_opens_with_a_session_that_is_over(person: User):
    client = signed_in(person)
    idle_for(Visit.objects.get(), timedelta(hours=1))
    assert client.get(reverse("help")).status_code == 200
    assert "_auth_user_id" not in client.session


def test_a_session_that_no_row_stands_for_is_refused(person: User):
    client = signed_in(person)
    Visit.objects.all().delete()
    assert not goes_on(client)


def test_signing_in_once_more_begins_a_new_session(person: User):
    client = Client()
    client.force_login(person)
    old_by(Visit.objects.get(), timedelta(hours=11))
    client.force_login(person)
    assert [visit.ended_why for visit in Visit.objects.order_by("signed_in_at")] == [Why.AGAIN, ""]


def test_signing_out_ends_the_row_as_well(person: User):
    client = signed_in(person)
    client.post(reverse("account_logout"))
    assert Visit.objects.get().ended_why == Why.SIGNED_OUT


# --- what the script is told ---


def test_the_script_is_told_what_is_left(person: User):
    client = signed_in(person)
    idle_for(Visit.objects.get(), timedelta(minutes=28))
    told = client.get(reverse("session_state"), headers={"x-background": "yes"})
    assert 115 < told.json()["idle"] <= 120
    assert "no-store" in told["Cache-Control"]
    assert client.post(reverse("session_state")).json()["idle"] == 1800


def test_the_script_is_told_why_it_is_over(person: User, client: Client):
    assert client.get(reverse("session_state")).json() == {"over": "signed_out"}
    theirs = signed_in(person)
    idle_for(Visit.objects.get(), timedelta(hours=1))
    assert theirs.post(reverse("session_state")).json() == {"over": "idle"}


def test_signing_in_again_before_the_end_leads_back_only_within_the_site(person: User):
    for page, leads_to in ((TODAY, TODAY), ("https://evil.test/", "/")):
        client = signed_in(person)
        answer = client.post(reverse("sign_in_again"), {"next": page})
        assert f"next={leads_to.replace('/', '%2F')}&" in answer["Location"]
        assert not goes_on(client)
    assert signed_in(person).get(reverse("sign_in_again"))["Location"] == "/"


@pytest.mark.parametrize(
    ("make", "page"),
    [
        (make_official, TODAY),
        (make_enterprise_user, "/my/"),
        (lambda: make_official(Role.SECURITY_ADMINISTRATOR, is_staff=True), "/admin/"),
    ],
)
def test_every_kind_of_page_has_the_warning(make: Any, page: str):
    client = Client()
    client.force_login(make())
    shown = client.get(page).content.decode()
    assert shown.count("data-session ") == 1
    assert "session.js" in shown
    assert re.search(r'data-idle="1(800|7\d\d)', shown)


def test_a_stranger_has_no_session_to_be_warned_of(client: Client):
    assert "data-session " not in client.get(reverse("account_login")).content.decode()


# --- the list ---


def test_one_sees_where_one_is_signed_in(person: User):
    signed_in(person, **{"user-agent": EDGE})
    make_official(email="other@county.test")
    page = signed_in(person).get(reverse("sessions")).content.decode()
    assert "Edge on Windows" in page
    assert "from 127.0.0.1" in page
    assert page.count("this device") == 1
    assert page.count('name="end"') == 1


def test_the_list_is_linked_from_the_menu(person: User):
    assert f'href="{reverse("sessions")}"' in signed_in(person).get(TODAY).content.decode()


def test_a_session_that_is_over_is_not_listed(person: User):
    signed_in(person)
    idle_for(Visit.objects.get(), timedelta(hours=1))
    assert 'name="end"' not in signed_in(person).get(reverse("sessions")).content.decode()


def test_one_ends_a_session_elsewhere_at_once(person: User):
    lost, here = signed_in(person), signed_in(person)
    visit = Visit.objects.earliest("signed_in_at")
    here.post(reverse("sessions"), {"end": str(visit.pk)})
    assert not goes_on(lost)
    assert goes_on(here)
    assert AuditEntry.objects.get(act="sessions_ended").actor == person


def test_the_one_that_was_ended_says_so(person: User):
    lost, here = signed_in(person), signed_in(person)
    here.post(reverse("sessions"), {"others": "yes"})
    assert "from another device" in lost.get(TODAY, follow=True).content.decode()


def test_one_ends_all_others_and_stays(person: User):
    others, here = [signed_in(person) for _ in range(2)], signed_in(person)
    here.post(reverse("sessions"), {"others": "yes"})
    assert [goes_on(client) for client in others] == [False, False]
    assert goes_on(here)


@pytest.mark.parametrize("key", ["", "x", "00000000-0000-0000-0000-000000000000", "\x00", "9" * 30])
def test_a_made_up_session_is_nobodys(person: User, key: str):
    client = signed_in(person)
    assert client.post(reverse("sessions"), {"end": key}).status_code == 302
    assert goes_on(client)


def test_nobody_ends_the_session_of_somebody_else(person: User):
    theirs = signed_in(make_official(email="other@county.test"))
    visit = Visit.objects.get()
    signed_in(person).post(reverse("sessions"), {"end": str(visit.pk)})
    assert goes_on(theirs)


# --- what changes about the account ---


@pytest.mark.parametrize(
    "facts", [{"role": Role.TEAM_LEAD}, {"email": "new@county.test"}, {"is_active": False}], ids=str
)
def test_a_changed_role_or_address_or_a_closed_account_ends_all_sessions(person: User, facts: dict[str, Any]):
    client = signed_in(person)
    User.objects.filter(pk=person.pk).update(**facts)
    answer = client.get(TODAY, follow=True)
    assert "was changed, or the account was closed" in answer.content.decode()
    assert Visit.objects.get().ended_why == Why.CHANGED


def test_another_name_or_language_ends_nothing(person: User):
    client = signed_in(person)
    User.objects.filter(pk=person.pk).update(name="李", language="zh-hans")
    assert goes_on(client)


def test_a_changed_password_ends_the_other_sessions(person: User):
    lost, here = signed_in(person), signed_in(person)
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    here.post(reverse("account_change_password"), form)
    assert goes_on(here)
    assert not goes_on(lost)
    assert sorted(Visit.objects.values_list("ended_why", flat=True)) == ["", Why.CHANGED]


# --- administrators ---


@pytest.fixture
def office() -> Client:
    client = Client(headers=ENGLISH)
    client.force_login(make_official(Role.SECURITY_ADMINISTRATOR, is_staff=True, language="en"))
    return client


def press(client: Client, action: str, person: User, **more: str) -> Any:
    form = {"action": action, "_selected_action": str(person.pk), **more}
    return client.post(reverse("admin:tracker_user_changelist"), form)


def test_an_administrator_ends_all_sessions_of_a_person(person: User, office: Client):
    theirs = [signed_in(person) for _ in range(2)]
    page = office.get(reverse("admin:tracker_user_change", args=[person.pk])).content.decode()
    assert "End all sessions" in page
    answer = press(office, "end_all_sessions", person, from_person="yes")
    assert answer["Location"] == reverse("admin:tracker_user_change", args=[person.pk])
    assert [goes_on(client) for client in theirs] == [False, False]
    entry = AuditEntry.objects.get(act="sessions_ended")
    assert (entry.table, entry.row, entry.after) == ("user", str(person.pk), {"sessions": 2})


def test_only_security_administrators_do_and_only_within_their_reach(person: User, office: Client):
    from tests.factories import make_county

    far = make_official(division=make_county("371525"), email="far@county.test")
    theirs, far_away = signed_in(person), signed_in(far)
    press(office, "end_all_sessions", far)
    assert goes_on(far_away)
    system = Client()
    system.force_login(make_official(Role.SYSTEM_ADMINISTRATOR, is_staff=True))
    assert press(system, "end_all_sessions", person).status_code in {302, 403}
    assert goes_on(theirs)


def test_a_new_role_given_by_an_administrator_ends_the_sessions(person: User, office: Client):
    theirs = signed_in(person)
    form = {
        "email": person.email,
        "name": person.name,
        "language": "en",
        "role": Role.TEAM_LEAD,
        "division": person.division_id,
        "enterprise": "",
        "is_active": "on",
    }
    answer = office.post(reverse("admin:tracker_user_change", args=[person.pk]), form)
    assert answer.status_code == 302
    assert not goes_on(theirs)
    assert AuditEntry.objects.get(act="sessions_ended").why == "role"


def test_ending_sessions_says_how_many_these_were(person: User):
    signed_in(person)
    assert end_sessions(person, by=person, why="left") == 1
    assert end_sessions(person, by=person, why="left") == 0


def test_rows_that_no_cookie_names_any_more_are_dropped(person: User):
    signed_in(person)
    signed_in(person)
    old_by(Visit.objects.first(), timedelta(days=3))  # type: ignore[arg-type]
    tidy()
    assert Visit.objects.count() == 1

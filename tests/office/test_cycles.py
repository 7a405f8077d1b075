"""The cycle board: who has not reported, and closing, skipping, confirming, accepting at once."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.factories import (
    PASSWORD,
    make_county,
    make_cycle,
    make_enterprise,
    make_enterprise_user,
    make_findings,
    make_inspection,
    make_official,
    make_project,
    make_township,
    moment,
)
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.badges.models import Award
from tracker.calendars.periods import HalfMonth
from tracker.inspections.actions import close_cycle, submit_inspection
from tracker.inspections.models import Cycle, Inspection
from tracker.library.models import Project

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 2)
CYCLE = HalfMonth.parse("2026-10-H2")
BOARD = "office:cycle"


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(moment(TODAY), tick=False):
        yield


@pytest.fixture
def lead() -> User:
    return make_official(Role.TEAM_LEAD)


def signed_in(person: User, language: str = "en") -> Client:
    client = Client()
    assert client.login(email=person.email, password=PASSWORD)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


def way(name: str = BOARD, cycle: HalfMonth = CYCLE) -> str:
    return reverse(name, kwargs={"cycle": cycle})


def board(person: User, query: str = "") -> Any:
    answer = signed_in(person).get(way() + query)
    assert answer.status_code == 200
    return answer


def shown(answer: Any) -> list[str]:
    return [row.record.name for row in answer.context["table"].rows]


def submit(project: Project, cycle: Cycle, by: User) -> Inspection:
    return submit_inspection(project, cycle, make_findings(project), by=by, at=moment(TODAY))


def test_the_board_says_until_when_how_far_and_in_which_colours(lead: User):
    done = make_project()
    make_project()
    make_inspection(done, make_cycle())
    page = board(lead).content.decode()
    assert "16 October 2026 to 31 October 2026" in page
    assert "opens 31 October 2026, due 4 November 2026, closes after 11 November 2026" in page
    assert "2 working days left" in page
    assert "1 of 2 inspected, 1 missing" in page
    counts = {colour.badge: colour.number for colour in board(lead).context["colours"]}
    # Who has not been inspected yet is missing, not "not rated".
    assert (counts["blue"], counts["none"]) == (1, 0)


def test_missing_ones_are_counted_by_township_and_person_in_order_of_names(lead: User):
    ann, bea = make_official(name="Ann"), make_official(name="Bea")
    north, south = make_township(name="A North"), make_township(name="B South")
    make_project(make_enterprise(township=north), inspector=ann)
    make_project(make_enterprise(township=south), inspector=bea)
    make_project(make_enterprise(township=south), inspector=bea)
    make_project(make_enterprise(), inspector=None)
    make_cycle()
    context = board(lead).context
    assert context["by_township"] == [(None, None, 1), (north.pk, "A North", 1), (south.pk, "B South", 2)]
    assert context["by_person"] == [(None, None, 1), (ann.pk, "Ann", 1), (bea.pk, "Bea", 2)]


def test_the_table_is_filtered_by_state_township_and_person(lead: User):
    make_county(needs_second_person=True)
    ann, township = make_official(), make_township()
    first = make_project(make_enterprise(township=township), inspector=ann, name="first")
    make_project(name="second")
    submit(first, make_cycle(), ann)
    assert sorted(shown(board(lead))) == ["first", "second"]
    assert shown(board(lead, "?state=submitted")) == ["first"]
    assert shown(board(lead, "?state=missing")) == ["second"]
    Inspection.objects.update(state="returned", return_reason="why")
    assert sorted(shown(board(lead, "?state=missing"))) == ["first", "second"]
    assert shown(board(lead, f"?township={township.pk}")) == ["first"]
    assert shown(board(lead, f"?person={ann.pk}")) == ["first"]
    assert shown(board(lead, "?person=0")) == ["second"]
    assert sorted(shown(board(lead, "?state=nonsense&township=x&person=999999"))) == ["first", "second"]


def test_sorting_takes_the_columns_that_are_offered_and_no_other(lead: User):
    for name in ("b", "a", "c"):
        make_project(name=name)
    make_cycle()
    assert shown(board(lead, "?sort=name")) == ["a", "b", "c"]
    assert shown(board(lead, "?sort=-name")) == ["c", "b", "a"]
    assert len(shown(board(lead, "?sort=inspector__password&page=77"))) == 3


def test_fifty_projects_stand_on_a_page(lead: User):
    enterprise = make_enterprise()
    for _ in range(51):
        make_project(enterprise, plan=None)
    make_cycle()
    assert "Page 1 of 2" in board(lead).content.decode()


def test_a_project_that_came_later_was_not_missing_in_a_closed_half_month(lead: User):
    make_inspection(make_project(name="early"), make_cycle())
    close_cycle(Cycle.objects.get(), by=lead, at=moment(TODAY, 9))
    make_project(name="late")
    answer = board(lead)
    assert shown(answer) == ["early"]
    assert "1 of 1 inspected, 0 missing" in answer.content.decode()


def test_the_current_half_month_is_one_click_away_and_so_are_its_neighbours(lead: User):
    client = signed_in(lead)
    page = client.get(reverse("office:current_cycle"))
    assert "The county has no half-month yet." in page.content.decode()
    for code in ("2026-10-H1", "2026-10-H2", "2026-11-H1"):
        make_cycle(code=code)
    assert client.get(reverse("office:current_cycle"))["Location"] == way()
    page = client.get(way()).content.decode()
    assert f'rel="prev" href="{way(cycle=CYCLE.previous())}"' in page
    assert f'rel="next" href="{way(cycle=CYCLE.next())}"' in page


def test_between_two_windows_the_latest_half_month_is_shown(lead: User):
    make_cycle(code="2026-10-H1", state="closed", closed_at=moment(TODAY))
    client = signed_in(lead)
    assert client.get(reverse("office:current_cycle"))["Location"] == way(cycle=CYCLE.previous())


def test_a_half_month_that_was_never_planned_is_not_found(lead: User):
    assert signed_in(lead).get(way()).status_code == 404


def test_closing_says_what_it_does_and_judges_everybody(lead: User):
    missing, done = make_project(), make_project()
    make_inspection(missing, make_cycle(code="2026-10-H1"))
    make_inspection(done, make_cycle())
    client = signed_in(lead)
    page = client.get(way("office:close_cycle")).content.decode()
    assert "1 project is still missing." in page
    assert "it closes by itself after 11 November 2026" in page
    answer = client.post(way("office:close_cycle"), follow=True)
    assert "The half-month is closed and every project is judged." in answer.content.decode()
    cycle = Cycle.objects.get(start=CYCLE.start)
    assert (cycle.state, cycle.closed_by) == ("closed", lead)
    assert Award.objects.standing().in_cycle(CYCLE.start).count() == 2
    assert "was closed already" in client.post(way("office:close_cycle"), follow=True).content.decode()


def test_a_half_month_that_has_not_opened_is_not_closed(lead: User):
    make_cycle(code="2026-11-H1")
    client = signed_in(lead)
    answer = client.post(way("office:close_cycle", CYCLE.next()), follow=True)
    assert "has not opened yet" in answer.content.decode()
    assert Cycle.objects.get().state == "open"


def test_skipping_needs_a_reason_that_everybody_reads(lead: User):
    make_cycle()
    client = signed_in(lead)
    assert client.post(way("office:skip_cycle"), {"reason": ""}).status_code == 422
    assert Cycle.objects.get().state == "open"
    client.post(way("office:skip_cycle"), {"reason": "Spring Festival"})
    assert Cycle.objects.get().state == "skipped"
    assert "Spring Festival" in board(make_official(Role.LEADER)).content.decode()


def test_the_lead_confirms_badges_where_the_county_has_it_so(lead: User):
    make_county(confirmation="by_lead")
    make_inspection(make_project(), make_cycle())
    client = signed_in(lead)
    client.post(way("office:confirm_badges"))
    assert Award.objects.get().state == "provisional", "not before the half-month is over"
    close_cycle(Cycle.objects.get(), by=None, at=moment(TODAY))
    assert "Confirm 1 badge" in board(lead).content.decode()
    assert "1 badge is provisional." in client.get(way("office:confirm_badges")).content.decode()
    assert "1 badge confirmed." in client.post(way("office:confirm_badges"), follow=True).content.decode()
    award = Award.objects.get()
    assert (award.state, award.confirmed_by) == ("confirmed", lead)
    assert "Confirm" not in board(lead).content.decode()


def test_elsewhere_there_is_nothing_to_confirm(lead: User):
    make_inspection(make_project(), make_cycle())
    client = signed_in(lead)
    answer = client.post(way("office:confirm_badges"), follow=True)
    assert "confirmed when the half-month closes" in answer.content.decode()
    assert Award.objects.get().state == "provisional"


def test_everything_that_others_had_submitted_is_accepted_at_once(lead: User):
    make_county(needs_second_person=True)
    other, cycle = make_official(), make_cycle()
    theirs = [submit(make_project(), cycle, other) for _ in range(2)]
    own = submit(make_project(), cycle, lead)
    client = signed_in(lead)
    page = client.get(way())
    assert "Accept all 2 submitted by others" in page.content.decode()
    with time_machine.travel(moment(TODAY, 12), tick=False):
        late = submit_inspection(
            (project := make_project()), cycle, make_findings(project), by=other, at=moment(TODAY, 12)
        )
        # An hour or two later the session is over; the page that was shown is not.
        client = signed_in(lead)
        answer = client.post(way(), {"shown_at": page.context["shown_at"]}, follow=True)
    assert "2 inspections accepted." in answer.content.decode()
    states = {row.pk: row.state for row in Inspection.objects.all()}
    assert {states[row.pk] for row in theirs} == {"accepted"}
    assert (states[own.pk], states[late.pk]) == ("submitted", "submitted")


@pytest.mark.parametrize("name", ["office:close_cycle", "office:skip_cycle", "office:confirm_badges"])
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.TEAM_LEAD}))
def test_only_a_team_lead_decides_about_the_half_month(name: str, role: str):
    person = make_enterprise_user() if role == Role.ENTERPRISE else make_official(role)
    make_cycle()
    assert signed_in(person).get(way(name)).status_code == 403
    assert signed_in(person).post(way(name), {"reason": "x"}).status_code == 403
    assert Cycle.objects.get().state == "open"


def test_others_read_the_board_without_its_buttons():
    make_cycle()
    person = make_official(Role.AUDITOR)
    assert "Close now" not in board(person).content.decode()
    assert signed_in(person).post(way(), {"shown_at": "2026-11-02T02:00:00+00:00"}).status_code == 403


def test_a_townships_lead_does_not_decide_for_the_county():
    make_project()
    make_cycle()
    person = make_official(Role.TEAM_LEAD, make_township())
    answer = board(person)
    assert "Close now" not in answer.content.decode()
    assert shown(answer) == []
    assert signed_in(person).post(way("office:close_cycle")).status_code == 403
    assert Cycle.objects.get().state == "open"


def test_another_countys_half_month_is_not_found(lead: User):
    make_cycle(make_county("371525"))
    assert signed_in(lead).get(way()).status_code == 404
    assert signed_in(lead).post(way("office:close_cycle")).status_code == 404
    assert signed_in(lead).get(way() + "?county=371525").status_code == 404


@pytest.mark.parametrize("number", [1, 200])
def test_the_board_costs_the_same_for_one_project_as_for_two_hundred(
    lead: User, number: int, django_assert_max_num_queries: Any
):
    enterprise, cycle = make_enterprise(township=make_township()), make_cycle()
    projects = [make_project(enterprise, plan=None, inspector=lead) for _ in range(number)]
    Inspection.objects.bulk_create(
        Inspection(
            project=project,
            cycle_start=cycle.start,
            cumulative_investment=1,
            ytd_investment=1,
            progress_percent=1,
            stage="building",
            inclusion_state="preparing",
            inspector=lead,
        )
        for project in projects
    )
    client = signed_in(lead)
    with django_assert_max_num_queries(16):
        assert client.get(way()).status_code == 200

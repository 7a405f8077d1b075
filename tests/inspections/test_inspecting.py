"""Inspecting a project gives it its badge."""

from datetime import date
from decimal import Decimal

import pytest

from tests import factories as make
from tracker.accounts.roles import Role
from tracker.badges.models import Award
from tracker.inspections import actions
from tracker.inspections.models import Cycle, Inspection
from tracker.library.actions import plan_year
from tracker.library.inclusion.actions import set_inclusion
from tracker.library.models import Project

pytestmark = pytest.mark.django_db


def test_an_accepted_inspection_gives_a_badge_with_its_reason_in_both_languages():
    project = make.make_project()
    make.make_inspection(project, ytd_investment=Decimal(700), cumulative_investment=Decimal(700))
    award = Award.objects.get(project=project)
    assert award.badge == "yellow"
    assert "投资" in award.reason_zh
    assert "nvestment" in award.reason_en
    assert award.to_improve_en
    project.refresh_from_db()
    assert project.badge == "yellow"


def test_where_two_people_are_wanted_nothing_counts_before_the_second_has_accepted():
    county = make.make_county(needs_second_person=True)
    project = make.make_project(county=county)
    inspector = make.make_official()
    inspection = make.make_inspection(project, by=inspector)
    assert inspection.state == Inspection.State.SUBMITTED
    assert not Award.objects.exists()
    now = make.moment(date(2026, 11, 2))
    with pytest.raises(actions.SamePerson):
        actions.accept_inspection(inspection, by=inspector, at=now)
    actions.accept_inspection(inspection, by=make.make_official(Role.TEAM_LEAD), at=now)
    assert Award.objects.get().project == project


def test_the_same_figures_judged_again_keep_the_same_award():
    inspection = make.make_inspection()
    cycle = Cycle.objects.get()
    before = Award.objects.get()
    given = actions.reassess_cycle(cycle, at=make.moment(date(2026, 11, 3)))
    assert (given.given, given.unchanged) == (0, 1)
    assert Award.objects.get() == before
    assert inspection.project.awards.count() == 1


def test_a_changed_plan_supersedes_the_badge_and_keeps_the_old_one_readable():
    project = make.make_project()
    make.make_inspection(project)
    plan_year(project, 2026, Decimal(2000), by=None, reason="新增设备")
    actions.reassess_cycle(Cycle.objects.get(), at=make.moment(date(2026, 11, 3)))
    old, new = project.awards.order_by("version")
    assert (old.state, old.badge) == (Award.State.SUPERSEDED, "blue")
    assert (new.state, new.badge) == (Award.State.PROVISIONAL, "red")


def test_closing_judges_what_nobody_reported_by_what_was_known_before_and_confirms():
    project = make.make_project()
    first, second = make.make_cycle(code="2026-10-H1"), make.make_cycle(code="2026-10-H2")
    make.make_inspection(project, first)
    assert actions.close_cycle(second, by=None, at=make.moment(date(2026, 11, 20)))
    award = Award.objects.get(cycle_start=second.start)
    assert award.is_stale
    assert award.state == Award.State.CONFIRMED
    assert not actions.close_cycle(second, by=None, at=make.moment(date(2026, 11, 20)))


def test_an_inspection_of_an_earlier_half_month_is_felt_in_the_later_ones():
    project = make.make_project()
    cycles = [make.make_cycle(code=code) for code in ("2026-09-H1", "2026-09-H2", "2026-10-H1", "2026-10-H2")]
    behind = {"ytd_investment": Decimal(700), "cumulative_investment": Decimal(700)}
    for cycle in cycles[1:]:
        make.make_inspection(project, cycle, **behind)
    assert Award.objects.standing().get(cycle_start=cycles[3].start).badge == "yellow"
    make.make_inspection(project, cycles[0], **behind)
    assert Award.objects.standing().get(cycle_start=cycles[3].start).badge == "red"


def test_cycles_open_by_themselves_and_close_when_their_time_is_over():
    make.make_project()
    actions.keep_cycles(make.moment(date(2026, 10, 20)))
    assert [cycle.half_month.code for cycle in Cycle.objects.order_by("start")] == [
        "2026-10-H1",
        "2026-10-H2",
        "2026-11-H1",
    ]
    october = Cycle.objects.get(start=date(2026, 10, 16))
    assert (october.cut_off, october.due_on) == (date(2026, 10, 31), date(2026, 11, 4))
    actions.keep_cycles(make.moment(date(2026, 11, 12)))
    october.refresh_from_db()
    assert october.state == Cycle.State.CLOSED


def test_an_inspector_cannot_say_that_a_project_is_included():
    project = make.make_project(inclusion_state="preparing", included_on=None)
    with pytest.raises(actions.LiaisonOnly):
        make.make_inspection(project, inclusion_state="included")
    assert Project.objects.get().inclusion_state == "preparing"


def test_what_the_liaison_has_said_meanwhile_stands_when_an_older_inspection_is_accepted():
    county = make.make_county(needs_second_person=True)
    project = make.make_project(county=county, inclusion_state="preparing", included_on=None)
    inspection = make.make_inspection(project, by=make.make_official(), inclusion_state="preparing")
    liaison = make.make_official(Role.STATISTICS_LIAISON)
    today = date(2026, 11, 2)
    set_inclusion(project, "included", date(2026, 10, 28), "统函1号", by=liaison, today=today)
    actions.accept_inspection(inspection, by=make.make_official(Role.TEAM_LEAD), at=make.moment(today))
    project.refresh_from_db()
    assert (project.inclusion_state, project.included_on) == ("included", date(2026, 10, 28))
    assert Award.objects.get().inputs["inclusion_state"] == "included"


def test_while_the_window_is_open_nobody_is_judged_by_old_figures():
    project = make.make_project()
    make.make_inspection(project, make.make_cycle(code="2026-10-H1"))
    still_open = make.make_cycle(code="2026-10-H2")
    given = actions.reassess_cycle(still_open, at=make.moment(date(2026, 11, 2)))
    assert given.given == 0
    actions.close_cycle(still_open, by=None, at=make.moment(date(2026, 11, 20)))
    assert Award.objects.get(cycle_start=still_open.start).is_stale


def test_what_waited_for_a_second_person_can_still_be_accepted_after_the_close():
    county = make.make_county(needs_second_person=True)
    project = make.make_project(county=county)
    first, second = make.make_cycle(code="2026-10-H1"), make.make_cycle(code="2026-10-H2")
    lead = make.make_official(Role.TEAM_LEAD)
    now = make.moment(date(2026, 11, 20))
    actions.accept_inspection(make.make_inspection(project, first, by=make.make_official()), by=lead, at=now)
    late = make.make_inspection(project, second, by=make.make_official())
    actions.close_cycle(second, by=None, at=now)
    assert Award.objects.standing().get(cycle_start=second.start).is_stale
    with pytest.raises(actions.CycleIsClosed):
        actions.return_inspection(late, "数字有误", by=lead, at=now)
    actions.accept_inspection(late, by=lead, at=now)
    award = Award.objects.standing().get(cycle_start=second.start)
    assert (award.is_stale, award.state, award.version) == (False, Award.State.CONFIRMED, 2)


def test_figures_that_nobody_has_seen_are_not_accepted():
    make.make_county(needs_second_person=True)
    inspector, lead = make.make_official(), make.make_official(Role.TEAM_LEAD)
    seen = make.make_inspection(by=inspector)
    now = make.moment(date(2026, 11, 2))
    cycle = Cycle.objects.get()
    changed = make.make_findings(seen.project, cumulative_investment=Decimal(1900))
    actions.submit_inspection(seen.project, cycle, changed, by=inspector, at=now, edition=seen.edition)
    with pytest.raises(actions.EditedMeanwhile):
        actions.accept_inspection(seen, by=lead, at=now, edition=seen.edition)
    assert not Award.objects.exists()
    actions.accept_inspection(seen, by=lead, at=now, edition=seen.edition + 1)
    assert Award.objects.exists()


def test_papers_handed_in_again_replace_the_liaison_s_return():
    project = make.make_project(inclusion_state="returned", included_on=None)
    Project.objects.update(inclusion_returned_on=date(2026, 10, 20))
    make.make_inspection(project, inclusion_state="submitted")
    project.refresh_from_db()
    assert project.inclusion_state == "submitted"
    Project.objects.update(inclusion_state="returned", inclusion_returned_on=date(2026, 11, 16))
    make.make_inspection(project, make.make_cycle(code="2026-11-H1"), inclusion_state="submitted")
    project.refresh_from_db()
    assert project.inclusion_state == "returned"


def test_a_start_that_an_inspection_finds_makes_papers_due():
    project = make.make_project(
        stage="filed", started_on=None, inclusion_state="not_due", included_on=None, planned_total=2000
    )
    make.make_inspection(project, stage="building", inclusion_state="not_due", started_on=date(2026, 10, 20))
    project.refresh_from_db()
    assert (project.started_on, project.inclusion_state) == (date(2026, 10, 20), "preparing")

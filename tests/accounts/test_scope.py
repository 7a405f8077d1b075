"""Who sees which rows: everything that a division or an enterprise owns, for every kind of reader."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser

from tests.factories import (
    make_county,
    make_cycle,
    make_enterprise,
    make_enterprise_user,
    make_inspection,
    make_official,
    make_project,
    make_township,
    moment,
)
from tracker.accounts.lockout.models import SignInAttempt
from tracker.accounts.models import Invitation, PastPassword, User, Visit
from tracker.accounts.roles import Role
from tracker.audit.models import AuditEntry, AuditSeal
from tracker.badges.models import Award, BadgePolicy
from tracker.calendars.models import CalendarDay
from tracker.exchange.models import ColumnSynonym, ImportBatch, ImportEffect
from tracker.inspections.models import Cycle, Inspection
from tracker.library.inclusion.models import (
    BureauList,
    DifferenceExplanation,
    InclusionPaper,
    PaperFile,
    StatisticalFigure,
)
from tracker.library.models import AnnualPlan, CountySettings, Division, Enterprise, Industry, Project
from tracker.library.records import (
    AnsweredWarning,
    Contact,
    EnterpriseYear,
    FormerName,
    PlanningSheet,
    StageChange,
    TotalChange,
)
from tracker.library.saved_views import SavedView
from tracker.mailing.models import Attachment, Message
from tracker.merging.models import DifferentEnterprises, DifferentProjects
from tracker.operations.models import Heartbeat
from tracker.photos.models import Photo
from tracker.reminders.models import Reminder
from tracker.scope import ScopedQuerySet
from tracker.summaries.models import MonthlySummary

pytestmark = pytest.mark.django_db

SCOPED = set(apps.get_app_config("tracker").get_models())
# Secrets, and what only the product itself reads: nobody is shown them row by row.
SHOWN_TO_NOBODY = {AuditSeal, Heartbeat, PastPassword, SignInAttempt}
OF_INCLUSION = [InclusionPaper, PaperFile, StatisticalFigure, DifferenceExplanation]
OF_RECORDS = [FormerName, EnterpriseYear, Contact, AnsweredWarning, StageChange, TotalChange, PlanningSheet]
OF_PROJECTS = [Project, AnnualPlan, Inspection, Award, Photo, *OF_INCLUSION, *OF_RECORDS]
OF_COUNTIES = [
    *(Cycle, ImportBatch, ImportEffect, ColumnSynonym, MonthlySummary, CountySettings, BureauList),
    *(DifferentEnterprises, DifferentProjects),
]
# A county's own rows of these are seen like the county's others; rows of no county are everybody's.
OF_COUNTIES_OR_SHARED = [BadgePolicy, CalendarDay]
OF_PEOPLE = [Message, Attachment, Reminder]

# Rows by where they belong: two townships of one county, and another county of another city.
NORTH, SOUTH, ELSEWHERE = "north", "south", "elsewhere"
EVERYWHERE = "everywhere"
SEEN_OF_PROJECTS = {
    "county": {NORTH, SOUTH},
    "township": {NORTH},
    "city": {NORTH, SOUTH},
    "province": {NORTH, SOUTH, ELSEWHERE},
    "other county": {ELSEWHERE},
    "enterprise": {NORTH},
    "other enterprise": {ELSEWHERE},
    "switched off": set(),
    "switched off enterprise": set(),
    "without division": set(),
    "stranger": set(),
}
# What belongs to a county as a whole is not shown to its townships, nor to enterprises.
SEEN_OF_COUNTIES = {
    **{reader: set() for reader in SEEN_OF_PROJECTS},
    "county": {NORTH},
    "city": {NORTH},
    "province": {NORTH, ELSEWHERE},
    "other county": {ELSEWHERE},
}
STRANGERS = {"switched off", "switched off enterprise", "stranger"}


@dataclass
class World:
    readers: dict[str, Any]
    rows: dict[type, dict[str, Any]]

    def seen(self, model: type, reader: str) -> set[str]:
        shown = set(model.objects.visible_to(self.readers[reader]).values_list("pk", flat=True))
        return {place for place, row in self.rows[model].items() if row.pk in shown}


@pytest.fixture
def world() -> World:
    county, other = make_county("371423"), make_county("371525")
    north, south = make_township(county), make_township(county)
    enterprises = {
        NORTH: make_enterprise(county, township=north),
        SOUTH: make_enterprise(county, township=south),
        ELSEWHERE: make_enterprise(other),
    }
    projects = {place: make_project(enterprise) for place, enterprise in enterprises.items()}
    counties = {NORTH: county, ELSEWHERE: other}
    inspections = {place: make_inspection(project) for place, project in projects.items()}
    rows: dict[type, dict[str, Any]] = {
        Division: {NORTH: north, SOUTH: south, ELSEWHERE: other},
        Enterprise: enterprises,
        Project: projects,
        AnnualPlan: {place: project.plans.get() for place, project in projects.items()},
        Inspection: inspections,
        Award: {place: project.awards.get() for place, project in projects.items()},
        Cycle: {place: make_cycle(here) for place, here in counties.items()},
        ImportBatch: {
            place: ImportBatch.objects.create(
                county=here, filename="表.xlsx", content=b"", cycle_start=date(2026, 10, 16)
            )
            for place, here in counties.items()
        },
        ImportEffect: {
            place: ImportEffect.objects.create(
                batch=ImportBatch.objects.create(
                    county=here, filename="表.xlsx", content=b"", cycle_start=date(2026, 10, 16)
                ),
                table="project",
                row=1,
                after="0" * 64,
            )
            for place, here in counties.items()
        },
        ColumnSynonym: {
            place: ColumnSynonym.objects.create(county=here, head="技改单位", field="enterprise")
            for place, here in counties.items()
        },
        MonthlySummary: {
            place: MonthlySummary.objects.create(county=here, month_start=date(2026, 10, 1), figures={})
            for place, here in counties.items()
        },
        Photo: {
            place: Photo.objects.create(project=project, name=place, sha256="0" * 64, width=1, height=1)
            for place, project in projects.items()
        },
        CountySettings: {
            place: CountySettings.objects.create(county=here) for place, here in counties.items()
        },
        BadgePolicy: {
            place: BadgePolicy.objects.create(
                county=here, code=place, effective_from=date(2026, 1, 1), terms={}
            )
            for place, here in [*counties.items(), (EVERYWHERE, None)]
        },
        CalendarDay: {
            place: CalendarDay.objects.create(county=here, day=date(2026, 2, 17), is_working=False)
            for place, here in [*counties.items(), (EVERYWHERE, None)]
        },
        Industry: {EVERYWHERE: Industry.objects.first()},
        AuditEntry: {
            **{
                place: AuditEntry.objects.create(act="exported", place=township.path)
                for place, township in ((NORTH, north), (SOUTH, south))
            },
            ELSEWHERE: AuditEntry.objects.create(act="exported", place=other.path),
            EVERYWHERE: AuditEntry.objects.create(act="exported"),
        },
    }
    papers = {
        place: InclusionPaper.objects.create(project=project, kind="licence")
        for place, project in projects.items()
    }
    figures = {
        place: StatisticalFigure.objects.create(project=project, year=2026, month=10, ytd_investment=1)
        for place, project in projects.items()
    }
    rows |= {
        InclusionPaper: papers,
        PaperFile: {
            place: PaperFile.objects.create(paper=paper, name=place, format="pdf", filename="a", size=1)
            for place, paper in papers.items()
        },
        StatisticalFigure: figures,
        DifferenceExplanation: {
            place: DifferenceExplanation.objects.create(figure=figure, difference=1, text="口径")
            for place, figure in figures.items()
        },
        BureauList: {
            place: BureauList.objects.create(county=here, filename="a", content=b"", year=2026, month=10)
            for place, here in counties.items()
        },
    }
    on = date(2026, 3, 1)
    rows |= {
        model: {place: model.objects.create(enterprise=row, **facts) for place, row in enterprises.items()}
        for model, facts in {
            FormerName: {"name": "旧名"},
            EnterpriseYear: {"year": 2025},
            Contact: {"name": "王"},
            AnsweredWarning: {"code": "any", "fingerprint": "0", "sentence": "属实"},
        }.items()
    }
    rows |= {
        model: {place: model.objects.create(project=row, **facts) for place, row in projects.items()}
        for model, facts in {
            StageChange: {
                "number": 1,
                "from_stage": "filed",
                "to_stage": "started",
                "on": on,
                "origin": "page",
            },
            TotalChange: {"number": 1, "before": 1, "after": 2, "grounds": "扩建"},
            PlanningSheet: {},
        }.items()
    }
    for model, twins in ((DifferentEnterprises, enterprises), (DifferentProjects, projects)):
        rows[model] = {}
        for place in counties:
            one = twins[place]
            here = one.county
            other_one = (
                make_enterprise(here) if model is DifferentEnterprises else make_project(one.enterprise)
            )
            rows[model][place] = model.objects.create(one=one, other=other_one)
    readers = {
        "county": make_official(Role.AUDITOR, county),
        "township": make_official(Role.LEADER, north),
        "city": make_official(Role.LEADER, county.parent),
        "province": make_official(Role.AUDITOR, county.parent.parent),
        "other county": make_official(Role.TEAM_LEAD, other),
        "enterprise": make_enterprise_user(enterprises[NORTH]),
        "other enterprise": make_enterprise_user(enterprises[ELSEWHERE]),
        "switched off": make_official(Role.TEAM_LEAD, county, is_active=False),
        "switched off enterprise": make_enterprise_user(enterprises[NORTH], is_active=False),
        "without division": make_official(Role.SYSTEM_ADMINISTRATOR, county),
        "stranger": AnonymousUser(),
    }
    readers["without division"].division = None
    rows[User] = {NORTH: readers["township"], ELSEWHERE: readers["other county"]}
    now = moment(date(2026, 11, 2))
    rows[Visit] = {
        place: Visit.objects.create(person=person, signed_in_at=now, last_seen_at=now)
        for place, person in rows[User].items()
    }
    rows[Invitation] = {
        place: Invitation.objects.create(person=person, expires_at=now, token_digest=place)
        for place, person in rows[User].items()
    }
    addressed = {NORTH: readers["township"], ELSEWHERE: readers["other enterprise"]}
    rows[Message] = {
        place: Message.objects.create(
            key=place, kind="reminder", recipient=person, address=person.email, language="en"
        )
        for place, person in addressed.items()
    }
    rows[Attachment] = {
        place: Attachment.objects.create(message=message, filename="表.xlsx", content=b"")
        for place, message in rows[Message].items()
    }
    rows[SavedView] = {
        place: SavedView.objects.create(
            owner=person, county=person.division, list="projects", name="红牌", is_shared=True
        )
        for place, person in ((NORTH, readers["county"]), (ELSEWHERE, readers["other county"]))
    }
    rows[Reminder] = {
        place: Reminder.objects.create(
            recipient=person,
            county=county,
            cycle_start=date(2026, 10, 16),
            kind="due",
            due_on=date(2026, 11, 4),
        )
        for place, person in addressed.items()
    }
    return World(readers, rows)


def test_every_table_is_looked_at(world: World):
    assert set(world.rows) | SHOWN_TO_NOBODY == SCOPED


@pytest.mark.parametrize("reader", SEEN_OF_COUNTIES)
def test_what_holds_for_all_counties_is_seen_by_everybody_signed_in(world: World, reader: str):
    shared = set() if reader in STRANGERS else {EVERYWHERE}
    assert world.seen(Industry, reader) == shared
    for model in OF_COUNTIES_OR_SHARED:
        assert world.seen(model, reader) == SEEN_OF_COUNTIES[reader] | shared


@pytest.mark.parametrize("reader", SEEN_OF_PROJECTS)
def test_what_is_sent_to_somebody_is_seen_by_them_alone(world: World, reader: str):
    seen = {"township": {NORTH}, "other enterprise": {ELSEWHERE}}.get(reader, set())
    assert {model: world.seen(model, reader) for model in OF_PEOPLE} == dict.fromkeys(OF_PEOPLE, seen)


@pytest.mark.parametrize("model", [User, Visit, Invitation])
@pytest.mark.parametrize("reader", SEEN_OF_PROJECTS)
def test_people_are_seen_by_officials_of_their_division_and_above(world: World, reader: str, model: type):
    expected = set() if "enterprise" in reader else SEEN_OF_PROJECTS[reader] - {SOUTH}
    assert world.seen(model, reader) == expected


@pytest.mark.parametrize("reader", SEEN_OF_PROJECTS)
def test_the_trail_is_seen_by_place_and_what_has_none_at_the_top(world: World, reader: str):
    expected = set() if "enterprise" in reader else SEEN_OF_PROJECTS[reader]
    at_the_top = {EVERYWHERE} if reader == "province" else set()
    assert world.seen(AuditEntry, reader) == expected | at_the_top


@pytest.mark.parametrize("model", sorted(SHOWN_TO_NOBODY, key=str))
def test_what_only_the_product_reads_names_no_way_to_anybody(world: World, model: type):
    for reader in world.readers.values():
        assert model.objects.visible_to(reader).query.is_empty()


@pytest.mark.parametrize("reader", SEEN_OF_PROJECTS)
def test_rows_of_projects_are_seen_by_those_who_answer_for_the_place(world: World, reader: str):
    seen = {model: world.seen(model, reader) for model in OF_PROJECTS}
    assert seen == dict.fromkeys(OF_PROJECTS, SEEN_OF_PROJECTS[reader])


@pytest.mark.parametrize("reader", SEEN_OF_PROJECTS)
def test_enterprises_are_seen_like_their_projects(world: World, reader: str):
    assert world.seen(Enterprise, reader) == SEEN_OF_PROJECTS[reader]


@pytest.mark.parametrize("reader", SEEN_OF_COUNTIES)
def test_what_a_county_does_is_seen_by_its_officials_and_those_above(world: World, reader: str):
    seen = {model: world.seen(model, reader) for model in OF_COUNTIES}
    assert seen == dict.fromkeys(OF_COUNTIES, SEEN_OF_COUNTIES[reader])


@pytest.mark.parametrize("reader", SEEN_OF_COUNTIES)
def test_a_shared_view_is_seen_by_officials_of_the_county_its_townships_and_those_above(
    world: World, reader: str
):
    expected = {NORTH} if reader == "township" else SEEN_OF_COUNTIES[reader]
    assert world.seen(SavedView, reader) == expected


@pytest.mark.parametrize("reader", SEEN_OF_PROJECTS)
def test_divisions_are_seen_from_ones_own_downwards(world: World, reader: str):
    expected = set() if "enterprise" in reader else SEEN_OF_PROJECTS[reader]
    assert world.seen(Division, reader) == expected


def test_an_official_sees_their_own_division_and_none_above():
    county = make_county()
    seen = Division.objects.visible_to(make_official(division=county))
    assert county in seen
    assert county.parent not in seen


def test_a_table_that_names_no_way_to_an_owner_shows_nothing_to_anybody(world: World):
    for reader in world.readers.values():
        assert not ScopedQuerySet(Project).visible_to(reader).exists()
    assert Project.objects.exists()


def test_a_division_whose_number_begins_like_anothers_is_not_below_it():
    county = make_county()
    near = Division.objects.create(name_zh="虚构", level=Division.Level.COUNTY, parent=county.parent)
    Division.objects.filter(pk=near.pk).update(path=f"{county.path[:-1]}9/")
    assert near not in Division.objects.visible_to(make_official(division=county))

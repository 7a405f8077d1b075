"""What each role may set: each form is sent every field of its table, and only the registry's change."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from tests.accounts.test_matrix import PAGES, REFUSED, World
from tests.factories import make_county, make_official, moment
from tracker.accounts.fields import WRITABLE, writable
from tracker.accounts.models import User
from tracker.accounts.roles import ADMINISTRATORS, Role
from tracker.badges.models import Award, BadgePolicy
from tracker.calendars.models import CalendarDay
from tracker.inspections.actions import FOUND_OF_PROJECT
from tracker.inspections.models import Cycle, Inspection
from tracker.library.models import CountySettings, Division, Enterprise, Industry, Project

# Forms leave fields out before any database is asked.
pytestmark = [pytest.mark.django_db, pytest.mark.once]

TODAY = date(2026, 11, 2)
# What follows from what was written, by the rule or by the clock, whoever wrote it.
FOLLOWS: dict[str, set[str]] = {
    "project": {
        *("badge", "badge_cycle_start", "month_only"),
        *("pinyin", "initials", "found_by", "enterprise_pinyin"),
    },
    "enterprise": {"pinyin", "initials", "found_by", "worst_rank"},
    "inspection": {
        "inspector",
        "submitted_at",
        "edition",
        "origin",
        "reviewer",
        "reviewed_at",
        "included_on",
    },
    "cycle": {"closed_at", "closed_by"},
    "user": {"last_login", "is_staff"},
}


@pytest.fixture
def world() -> Iterator[World]:
    with time_machine.travel(moment(TODAY), tick=False):
        yield World()


def other_values(model: type[Model], world: World) -> dict[str, str]:
    """A believable value for every column of the table, other than the one there is."""
    values: dict[str, str] = {}
    for field in model._meta.concrete_fields:
        kind = field.get_internal_type()
        if field.is_relation:
            last = field.related_model._default_manager.order_by("-pk").first()
            values[field.name] = values[field.attname] = str(last.pk) if last else ""
        elif field.choices:
            values[field.name] = str(list(field.choices)[-1][0])
        elif kind == "BooleanField":
            values[field.name] = "on"
        elif kind in {"DateField", "DateTimeField"}:
            values[field.name] = "2026-10-20"
        elif kind == "JSONField":
            values[field.name] = '["x"]'
        elif kind in {"CharField", "TextField"}:
            values[field.name] = "改"
        else:
            values[field.name] = "77"
    return values


def columns(row: Model) -> dict[str, Any]:
    """The row as the database has it."""
    return type(row)._base_manager.filter(pk=row.pk).values().get()


def changed(row: Model, before: dict[str, Any]) -> set[str]:
    after = columns(row)
    names = {field.attname: field.name for field in row._meta.concrete_fields}
    return {names[column] for column in after if after[column] != before[column]}


PARTS = ("construction", "installation", "equipment", "used_equipment", "other")
# Pages that write: the row that they write to, and what a filled-in form of theirs says.
FORMS: dict[str, dict[str, str]] = {
    "office:edit_project": {
        "name": "新名称",
        "nature": "expansion",
        "planned_total": "2222",
        "planned_equipment": "77",
        **{f"planned_{part}": "" for part in ("construction", "installation", "other")},
        "funds_in_place": "500",
        "total_grounds": "增加一条生产线",
        "answer_included_before_start": "先入库，后开工",
        "filing_extended_until": "2028-11-01",
        "filing_extension_asked_on": "",
        "planned_completion_on": "2026-12-01",
        "inspector": "",
        "township": "",
        "contact_phone": "0534-3321234",
        "code": "2101-371591-04-01-436244",
        **{f"{name}_on": "2026-03-01" for name in ("filed", "started", "equipment_delivered", "completed")},
    },
    "office:edit_enterprise": {
        "name": "新名称",
        "credit_code": "91350100M000100Y43",
        "industry": "3542",
        "township": "",
        "contact_phone": "0534-3321234",
    },
    "office:set_inclusion": {"state": "returned", "on": "2026-10-20", "reference": "纳统-7"},
    "office:inspect": {
        "cycle": "2026-10-H2",
        "edition": "",
        "cumulative_investment": "900",
        "ytd_investment": "900",
        "progress_percent": "80",
        "stage": "building",
        "started_on": "",
        "completed_on": "",
        "remark": "设备到货",
    },
    "office:plan_project": {"year": "2026", "amount": "1500", "reason": "增加设备"},
    # What is said of papers and of statistics is another table's: of the project nothing is written.
    "office:papers": {"kind": "filing"},
    "office:paper": {"edition": "0", "state": "received", "total": "77"},
    "office:set_figure": {"edition": "1", "ytd_investment": "77", **dict.fromkeys(PARTS, "")},
    "office:explain_difference": {"difference": "100", "text": "统计按付款口径"},
}


def written_by(name: str, world: World) -> Model:
    return world.enterprise if "enterprise" in name else world.project


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", FORMS)
def test_a_form_sets_only_what_the_registry_gives_to_the_role(world: World, name: str, role: Role):
    row = written_by(name, world)
    before = columns(row)
    entry = {**other_values(type(row), world), **FORMS[name]}
    world.client(role).post(world.address(name), entry)
    table = str(row._meta.model_name)
    allowed: set[str] = set()
    if PAGES[name][role] != REFUSED:
        allowed = set(writable(table, role)) | FOLLOWS.get(table, set())
        # An inspection that counts brings the project up to date: these are its findings.
        allowed |= set(FOUND_OF_PROJECT) if name == "office:inspect" else set()
    assert changed(row, before) <= allowed


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.TEAM_LEAD])
def test_control_what_the_registry_names_does_change(world: World, role: Role):
    for name in ("office:edit_project", "office:edit_enterprise"):
        row = written_by(name, world)
        before = columns(row)
        entry = {**other_values(type(row), world), **FORMS[name]}
        assert world.client(role).post(world.address(name), entry).status_code == 302, name
        assert {"name", "contact_name", "contact_phone"} <= changed(row, before)


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.TEAM_LEAD])
def test_an_inspection_is_made_of_its_findings_alone(world: World, role: Role):
    entry = {**other_values(Inspection, world), **FORMS["office:inspect"]}
    world.client(role).post(world.address("office:inspect"), entry)
    made = Inspection.objects.get(project=world.project)
    assert (made.state, made.reviewer, made.edition) == (Inspection.State.SUBMITTED, None, 1)
    assert (made.inspector, made.origin) == (world.people[role], Inspection.Origin.PAGE)
    assert made.cycle_start == date(2026, 10, 16)


def test_nothing_that_is_sent_gives_a_badge(world: World):
    before = Award.objects.count()
    for role in Role:
        for name, entry in FORMS.items():
            world.client(role).post(
                world.address(name), {**other_values(Project, world), **entry, "badge": "gold"}
            )
    world.project.refresh_from_db()
    assert world.project.badge == "none"
    assert Award.objects.count() == before


# --- the administration ---


def rows_of_administration(world: World) -> dict[type[Model], Model]:
    county = make_county()
    return {
        User: make_official(Role.LEADER, county),
        Division: Division.objects.create(parent=county, name_zh="虚构镇", level=Division.Level.TOWNSHIP),
        CountySettings: CountySettings.objects.get(county=county),
        Industry: Industry.objects.order_by("pk")[0],
        CalendarDay: CalendarDay.objects.create(day=date(2026, 12, 5), is_working=True, county=county),
        BadgePolicy: BadgePolicy.objects.create(
            county=county,
            code="county-1",
            effective_from=date(2026, 12, 1),
            terms=BadgePolicy.objects.get(county=None).terms,
        ),
        Enterprise: world.enterprise,
    }


@pytest.mark.parametrize("role", sorted(ADMINISTRATORS))
def test_the_administration_sets_only_what_the_registry_gives_to_the_role(world: World, role: Role):
    client = world.client(role)
    for model, row in rows_of_administration(world).items():
        before = columns(row)
        page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
        shown = client.get(page, follow=True)
        form = shown.context["adminform"].form if shown.context and "adminform" in shown.context else None
        same = {
            name: "" if (value := form[name].value()) is None else value
            for name in (form.fields if form else {})
        }
        for sent in (other_values(model, world), {**other_values(model, world), **same}):
            client.post(page, sent)
            table = str(model._meta.model_name)
            assert changed(row, before) <= set(writable(table, role)) | FOLLOWS.get(table, set()), model


def test_the_registry_names_only_columns_that_there_are():
    from django.apps import apps

    for table, by_role in WRITABLE.items():
        names = {field.name for field in apps.get_model("tracker", table)._meta.concrete_fields}
        for role, fields in by_role.items():
            assert fields <= names, (table, role)


def test_what_the_rule_gives_is_in_nobodys_hands():
    assert "award" not in WRITABLE
    assert not any("badge" in fields for by_role in WRITABLE.values() for fields in by_role.values())
    assert not admin.site.is_registered(Award)
    assert not admin.site.is_registered(Cycle)

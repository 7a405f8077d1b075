"""Sensible wholes: a test names only what it is about. Every name here is invented."""

import itertools
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from stdnum.cn import uscc

from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.calendars.periods import HalfMonth
from tracker.inspections.actions import open_cycle, submit_inspection
from tracker.inspections.models import Cycle, Inspection
from tracker.inspections.rules import Findings
from tracker.library.actions import plan_year
from tracker.library.models import CountySettings, Division, Enterprise, Project

PASSWORD = "correct-horse-battery"
SHANGHAI = ZoneInfo("Asia/Shanghai")
_numbers = itertools.count(1)


def moment(day: date, hour: int = 10) -> datetime:
    """An instant of that day in Shanghai."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)


def make_county(code: str = "371423", **settings: Any) -> Division:
    """A county of the reference data (庆云县 unless told otherwise), with settings of its own where named."""
    county = Division.objects.get(code=code)
    if settings:
        CountySettings.objects.update_or_create(county=county, defaults=settings)
    return county


def make_township(county: Division | None = None, name: str = "") -> Division:
    """A township of the county."""
    return Division.objects.create(
        parent=county or make_county(),
        name_zh=name or f"虚构镇{next(_numbers)}",
        level=Division.Level.TOWNSHIP,
    )


def make_official(role: str = Role.INSPECTOR, division: Division | None = None, **facts: Any) -> User:
    """An official of the county, an inspector unless told otherwise."""
    number = next(_numbers)
    facts = {"email": f"official{number}@county.test", "name": f"官员{number}", **facts}
    return User.objects.create_user(
        facts.pop("email"), PASSWORD, role=role, division=division or make_county(), **facts
    )


def make_enterprise(county: Division | None = None, **facts: Any) -> Enterprise:
    """An enterprise of the county with a sound credit code."""
    number = next(_numbers)
    stem = f"91371423MA{number:07d}"
    facts = {
        "name": f"虚构机械{number}有限公司",
        "credit_code": stem + uscc.calc_check_digit(stem),
        "industry_id": "3542",
        **facts,
    }
    return Enterprise.objects.create(county=county or make_county(), **facts)


def make_enterprise_user(enterprise: Enterprise | None = None, **facts: Any) -> User:
    """Somebody of the enterprise."""
    facts = {"email": f"firm{next(_numbers)}@firm.test", "name": "企业联系人", **facts}
    return User.objects.create_user(
        facts.pop("email"),
        PASSWORD,
        role=Role.ENTERPRISE,
        enterprise=enterprise or make_enterprise(),
        **facts,
    )


def make_project(enterprise: Enterprise | None = None, **facts: Any) -> Project:
    """A project under construction since January with a plan of 1,200 万元 for the year.

    `plan` is another amount, or None for no plan; `year` is the plan's, 2026 unless told otherwise.
    """
    enterprise = enterprise or make_enterprise(facts.pop("county", None))
    year = facts.pop("year", 2026)
    plan = facts.pop("plan", Decimal(1200))
    facts = {
        "name": f"虚构产线改造项目{next(_numbers)}",
        "county": enterprise.county,
        "township": enterprise.township,
        "planned_total": Decimal(2000),
        "stage": "building",
        "planned_start_on": date(year, 1, 1),
        "started_on": date(year, 1, 5),
        "planned_completion_on": date(year, 12, 31),
        "inclusion_state": "included",
        "included_on": date(year, 1, 20),
        **facts,
    }
    project = Project.objects.create(enterprise=enterprise, **facts)
    if plan is not None:
        plan_year(project, year, Decimal(plan), by=None)
    return project


def make_cycle(county: Division | None = None, code: str = "2026-10-H2", **facts: Any) -> Cycle:
    """A half-month of the county with its window by the calendar."""
    cycle = open_cycle(county or make_county(), HalfMonth.parse(code))
    if facts:
        Cycle.objects.filter(pk=cycle.pk).update(**facts)
        cycle.refresh_from_db()
    return cycle


def make_findings(project: Project | None = None, **facts: Any) -> Findings:
    """Figures on plan at the end of October, unless told otherwise."""
    stage = project.stage if project else "building"
    facts = {
        "cumulative_investment": Decimal(1000),
        "ytd_investment": Decimal(1000),
        "progress_percent": Decimal(84),
        "stage": stage,
        "inclusion_state": project.inclusion_state if project else "included",
        "included_on": project.included_on if project else date(2026, 1, 20),
        "remark": "设备按计划安装",
        **facts,
    }
    return Findings(**facts)


def make_inspection(
    project: Project | None = None, cycle: Cycle | None = None, *, by: User | None = None, **facts: Any
) -> Inspection:
    """An inspection submitted on the cut-off day: it counts at once, or waits, as the county has it."""
    project = project or make_project()
    cycle = cycle or make_cycle(project.county)
    return submit_inspection(
        project, cycle, make_findings(project, **facts), by=by, at=moment(cycle.opens_on)
    )

"""What the invented county keeps beside its enterprises and projects; a little of it contradicts itself."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tracker.accounts.models import User
from tracker.inspections.actions import judge_again
from tracker.inspections.consistency import open_in_enterprises
from tracker.library.actions import plan_year
from tracker.library.keeping import answer_warning, keep_total_changes
from tracker.library.models import Enterprise, Project, Stage
from tracker.library.records import Contact, EnterpriseYear, FormerName, PlanningSheet
from tracker.library.rules import CENT, by_quarters
from tracker.library.stages import change_stage

YEARS = 3
# Staff up to which an invented enterprise is small, and medium.
SMALL, MEDIUM = 300, 1000
ABOVE_SCALE = Decimal(2000)


def add_records(
    enterprises: list[Enterprise],
    projects: list[Project],
    names: dict[str, Any],
    lead: User,
    now: datetime,
    today: date,
) -> None:
    """Fill in the figures of three years, contacts, former names, money, filings, sheets, plans and moves."""
    rng = random.Random(f"records {lead.email}")  # noqa: S311  invented, not secret
    years = _years_of(enterprises, today, rng)
    EnterpriseYear.objects.bulk_create(years)
    latest = {row.enterprise_id: row for row in years if row.year == today.year - 1}
    for enterprise in enterprises:
        staff, revenue = latest[enterprise.pk].staff or 0, latest[enterprise.pk].revenue or Decimal(0)
        size = Enterprise.Size.MICRO if staff < 20 else Enterprise.Size.SMALL
        size = size if staff < SMALL else Enterprise.Size.MEDIUM if staff < MEDIUM else Enterprise.Size.LARGE
        enterprise.size, enterprise.is_above_scale = size, revenue >= ABOVE_SCALE
        enterprise.key_industry = enterprise.chain
    Enterprise.objects.bulk_update(enterprises, ["size", "is_above_scale", "key_industry"], batch_size=100)
    _add_contacts_and_names(enterprises, names, today, rng)
    _add_money_and_filings(projects, names, rng)
    sheets = [
        PlanningSheet(project=project, updated_by=project.inspector, **rng.choice(names["sheets"]))
        for project in projects
        if rng.random() < 0.4
    ]
    PlanningSheet.objects.bulk_create(sheets)
    _change_course(projects, names, lead, now, today, rng)
    _explain_some(enterprises, lead, now, today)


def _years_of(enterprises: list[Enterprise], today: date, rng: random.Random) -> list[EnterpriseYear]:
    rows = []
    for number, enterprise in enumerate(enterprises):
        staff = rng.choice([16, 35, 48, 62, 80, 120, 180, 260, 420])
        revenue = Decimal(staff * rng.randint(38, 90))
        for back in range(YEARS, 0, -1):
            revenue = (revenue * Decimal(rng.randint(98, 118)) / 100).quantize(CENT)
            row = EnterpriseYear(
                enterprise=enterprise,
                year=today.year - back,
                staff=staff + (YEARS - back) * rng.randint(0, 4),
                rd_staff=max(staff * rng.randint(8, 22) // 100, 1),
                revenue=revenue,
                rd_spend=(revenue * Decimal(rng.randint(25, 70)) / 1000).quantize(CENT),
                assets=(revenue * Decimal(rng.randint(70, 150)) / 100).quantize(CENT),
            )
            # Some write yuan where 万元 are asked for, some have only begun to sell.
            if back == 1 and number % 31 == 7:
                row.revenue = revenue * 10000
            if back == 1 and number % 29 == 11:
                row.rd_spend = revenue + 60
            rows.append(row)
    return rows


def _add_contacts_and_names(
    enterprises: list[Enterprise], names: dict[str, Any], today: date, rng: random.Random
) -> None:
    contacts, former = [], []
    for enterprise in enterprises:
        for _number in range(rng.choice([0, 0, 1, 1, 2])):
            contacts.append(
                Contact(
                    enterprise=enterprise,
                    name=rng.choice(names["surnames"]) + rng.choice(names["given"]),
                    post=rng.choice(names["posts"]),
                    phone=f"1{rng.choice('3579')}{rng.randrange(10**9):09d}",
                )
            )
        if rng.random() < 0.12:
            before = enterprise.name.replace("山东", "德州", 1).replace("有限公司", "厂")
            until = today - timedelta(days=rng.randint(400, 3000))
            former.append(FormerName(enterprise=enterprise, name=before, until=until))
    Contact.objects.bulk_create(contacts)
    FormerName.objects.bulk_create(former)


def _add_money_and_filings(projects: list[Project], names: dict[str, Any], rng: random.Random) -> None:
    for number, project in enumerate(projects):
        project.filing_authority = f"{project.county.name_zh}{names['authority']}"
        project.filing_number = (
            f"{project.filed_on:%Y}-{rng.randrange(10**4):04d}" if project.filed_on else ""
        )
        project.funds_in_place = _share(project.planned_total, rng.randint(30, 95))
        rest = project.planned_total - (project.planned_equipment or Decimal(0))
        project.planned_construction = _share(rest, rng.randint(40, 70))
        project.planned_installation = _share(rest, rng.randint(10, 25))
        project.planned_other = rest - project.planned_construction - project.planned_installation
        if number % 37 == 5:
            project.planned_other = _share(project.planned_other, 50)
    fields = [
        *("filing_authority", "filing_number", "funds_in_place"),
        *("planned_construction", "planned_installation", "planned_other"),
    ]
    Project.objects.bulk_update(projects, fields, batch_size=100)


def _share(amount: Decimal, per_cent: int) -> Decimal:
    return (amount * per_cent / 100).quantize(CENT)


def _change_course(
    projects: list[Project],
    names: dict[str, Any],
    lead: User,
    now: datetime,
    today: date,
    rng: random.Random,
) -> None:
    """A few projects are planned anew, one has a new total, two leave the line."""
    at_work = [project for project in projects if project.stage == Stage.BUILDING]
    for project, reason in zip(at_work[::9], names["replans"] * 2, strict=False):
        plan = project.plan_for(today.year)
        if plan is not None:
            amount = _share(plan.amount, rng.choice([96, 104]))
            plan_year(project, today.year, amount, by=lead, months=by_quarters(amount), reason=reason)
            judge_again(project, at=now)
    for project in at_work[4:6]:
        before = {project.pk: project.planned_total}
        # The new part is other investment, so that the parts still come to the total.
        added = _share(project.planned_total, 4)
        project.planned_total += added
        project.planned_other = (project.planned_other or Decimal(0)) + added
        project.save(update_fields=["planned_total", "planned_other"])
        keep_total_changes(before, [project], grounds=rng.choice(names["grounds"]), by=lead, at=now)
        judge_again(project, at=now)
    waiting = [project for project in projects if project.stage == Stage.FILED]
    for project, stage, reason in zip(
        [*waiting[-1:], *at_work[-1:]],
        (Stage.TERMINATED, Stage.SUSPENDED),
        ("企业调整投资方向，项目不再实施", "主要客户停单，企业申请暂缓建设"),
        strict=False,
    ):
        on = today - timedelta(days=3)
        change_stage(project, stage, on, reason, by=lead, at=now, today=today)
        judge_again(project, at=now)


def _explain_some(enterprises: list[Enterprise], lead: User, now: datetime, today: date) -> None:
    for one in open_in_enterprises(enterprises, today):
        if one.finding.code == "rd_spend_above_revenue":
            answer_warning(one.enterprise, one.finding, "新设企业，研发投入先于销售", by=lead, at=now)
            return

"""An invented county and its neighbour: a year of half-months that end today, the same whenever it is made.

Only the counties and their industries come from public reports; fixtures/demo.json says that every
enterprise, person, project and figure is made up.
"""

import json
import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from stdnum.cn import uscc

from tracker.accounts import roles
from tracker.accounts.models import Language, User
from tracker.accounts.roles import Role
from tracker.calendars.periods import HalfMonth, shanghai_date
from tracker.inspections.actions import assess, open_cycle
from tracker.inspections.models import Cycle, Inspection
from tracker.library.actions import plan_year, township_of
from tracker.library.inclusion.actions import bring_to
from tracker.library.inclusion.rules import Way
from tracker.library.models import (
    CountySettings,
    Division,
    Enterprise,
    InclusionState,
    Project,
    Stage,
)
from tracker.library.records import StageChange
from tracker.library.rules import INCLUSION_THRESHOLD, has_right_check_digit
from tracker.management.demo_inclusion import make_inclusion
from tracker.management.demo_records import add_records
from tracker.summaries.actions import summarise

NAMES = settings.BASE_DIR / "fixtures" / "demo.json"
PASSWORD = "jigai-demo-only"  # noqa: S105  of invented people on a machine of one's own
SHANGHAI = ZoneInfo(settings.TIME_ZONE)
CYCLES = 24
TOTALS = [380, 460, 800, 1200, 1600, 2300, 3000, 4200, 5600, 8800, 12000, 26000]
# Pace against plan by kind of project, and how many of a hundred are of that kind.
KINDS = {
    "ahead": 10,
    "on_plan": 60,
    "behind": 6,
    "far_behind": 4,
    "recovering": 7,
    "slumping": 8,
    "waiting": 4,
}


@dataclass(frozen=True)
class Course:
    """How one invented project goes: what it planned, and how it runs against that."""

    kind: str
    total: Decimal
    planned_start: date
    planned_completion: date
    start_delay: int
    inclusion_delay: int | None
    wobble: float

    @property
    def started_on(self) -> date:
        return self.planned_start + timedelta(days=self.start_delay)

    @property
    def included_on(self) -> date | None:
        if self.inclusion_delay is None or self.total < INCLUSION_THRESHOLD:
            return None
        return self.started_on + timedelta(days=self.inclusion_delay)

    def planned_share(self, day: date) -> float:
        whole = (self.planned_completion - self.planned_start).days + 1
        return min(max(((day - self.planned_start).days + 1) / whole, 0.0), 1.0)

    def share(self, day: date, today: date) -> float:
        """How much of the whole is done by the day; never falls."""
        if self.kind == "waiting" or day < self.started_on:
            return 0.0
        planned = self.planned_share(day)
        months_ago = max((today - day).days / 30, 0.0)
        behind = {
            "ahead": -0.11,
            "on_plan": 0.02 * self.wobble,
            "behind": 0.055 + 0.02 * self.wobble,
            "far_behind": 0.24,
            "recovering": 0.13 * min(months_ago / 3, 1),
            "slumping": 0.10 * max(1 - months_ago / 2, 0),
        }[self.kind]
        # Nobody is far from the plan on the first day, and money comes in steps, not in a straight line.
        step = 0.008 * ((day.toordinal() // 16) % 3 - 1) * self.wobble
        behind = (behind + step) * min(planned * 3, 1)
        return min(max(planned - behind, 0.005), 1.0)


@transaction.atomic
def make_demo(now: datetime) -> None:
    """Fill an empty library with the two counties; takes some ten seconds."""
    names = json.loads(Path(NAMES).read_text(encoding="utf-8"))
    for facts in names["counties"]:
        _make_county(facts, names, now, random.Random(facts["code"]))  # noqa: S311  invented, not secret
        county = Division.objects.get(code=facts["code"])
        liaison = User.objects.get(email=f"statistics@{facts['slug']}.example")
        # With a die of its own: what else is invented stays as it is.
        rng = random.Random(f"papers {facts['code']}")  # noqa: S311  invented, not secret
        make_inclusion(county, liaison, now, shanghai_date(now), rng)
    _add_person("city", "leader", Role.LEADER, Division.objects.get(code="371400"), "市级领导（演示）")
    province = Division.objects.get(code="370000")
    _add_person("system", "admin", Role.SYSTEM_ADMINISTRATOR, province, "系统管理员（演示）")
    _add_person("system", "security", Role.SECURITY_ADMINISTRATOR, province, "安全管理员（演示）")
    _add_person("system", "audit", Role.AUDITOR, province, "审计管理员（演示）")
    summarise(now)


def demo_accounts() -> list[tuple[str, str, str]]:
    """Mail address, role and place of the invented people to sign in as."""
    people = User.objects.filter(email__endswith=".example").select_related("division", "enterprise")
    shown = [person for person in people.order_by("pk") if not person.email[:-1].split("@")[0][-1:].isdigit()]
    return [(person.email, person.role, str(person.division or person.enterprise or "")) for person in shown]


def _make_county(facts: dict[str, Any], names: dict[str, Any], now: datetime, rng: random.Random) -> None:
    today = shanghai_date(now)
    county = Division.objects.get(code=facts["code"])
    county.is_invented = True
    county.save(update_fields=["is_invented"])
    # The window stays open until the next one opens, so that there is something to do on any day.
    CountySettings.objects.update_or_create(
        county=county,
        defaults={"needs_second_person": facts["needs_second_person"], "closes_after_working_days": 9},
    )
    inspectors = _make_people(county, facts, names, rng)
    projects = _make_library(county, facts, names, inspectors, today, rng)
    last = HalfMonth.latest_cut_off(today)
    moves: list[StageChange] = []
    for back in range(CYCLES - 1, -1, -1):
        half_month = last.plus(-back)
        cycle = open_cycle(county, half_month)
        moves += _inspect(projects, cycle, names, today, rng, is_last=back == 0)
        at = datetime.combine(cycle.due_on, datetime.min.time(), tzinfo=SHANGHAI).replace(hour=17)
        if back:
            Cycle.objects.filter(pk=cycle.pk).update(state=Cycle.State.CLOSED, closed_at=at)
            rated = Project.objects.of_county(county)
        else:
            reported = Inspection.objects.accepted().in_cycle(half_month.start)
            rated = Project.objects.of_county(county).filter(pk__in=reported.values("project"))
        assess(rated, county, half_month, at=at)
    StageChange.objects.bulk_create(_numbered(moves), batch_size=200)
    lead = User.objects.get(email=f"lead@{facts['slug']}.example")
    enterprises = list(Enterprise.objects.of_county(county).order_by("pk"))
    add_records(enterprises, [project for project, _course in projects], names, lead, now, today)
    _add_enterprise_person(county, facts["slug"])


def _numbered(moves: list[StageChange]) -> list[StageChange]:
    """The moves of each project counted from one."""
    numbers: Counter[int] = Counter()
    for move in moves:
        numbers[move.project_id] += 1
        move.number = numbers[move.project_id]
    return moves


def _add_person(slug: str, what: str, role: Role, division: Division, name: str) -> User:
    return User.objects.create_user(
        f"{what}@{slug}.example",
        PASSWORD,
        role=role,
        division=division,
        name=name,
        language=Language.CHINESE,
        is_staff=role in roles.ADMINISTRATORS,
    )


def _add_enterprise_person(county: Division, slug: str) -> None:
    """Somebody of an enterprise whose badge has something to explain: a yellow one with a way up."""
    badges = Project.objects.of_county(county).filter(badge__in=["yellow", "red"]).order_by("-badge", "pk")
    enterprise = badges.select_related("enterprise")[0].enterprise
    User.objects.create_user(
        f"enterprise@{slug}.example",
        PASSWORD,
        role=Role.ENTERPRISE,
        enterprise=enterprise,
        name=enterprise.contact_name,
    )


def _person_name(names: dict[str, Any], rng: random.Random) -> str:
    return f"{rng.choice(names['surnames'])}{rng.choice(names['given'])}"


def _make_people(
    county: Division, facts: dict[str, Any], names: dict[str, Any], rng: random.Random
) -> list[User]:
    slug = facts["slug"]
    for what, role in (
        ("lead", Role.TEAM_LEAD),
        ("statistics", Role.STATISTICS_LIAISON),
        ("leader", Role.LEADER),
        ("auditor", Role.AUDITOR),
    ):
        _add_person(slug, what, role, county, _person_name(names, rng))
    inspectors = [_add_person(slug, "inspector", Role.INSPECTOR, county, _person_name(names, rng))]
    for number in range(2, facts["inspectors"] + 1):
        inspectors.append(
            _add_person(slug, f"inspector{number}", Role.INSPECTOR, county, _person_name(names, rng))
        )
    return inspectors


def _make_library(
    county: Division,
    facts: dict[str, Any],
    names: dict[str, Any],
    inspectors: list[User],
    today: date,
    rng: random.Random,
) -> list[tuple[Project, Course]]:
    firms = [f"山东{stem}{ending}" for stem in names["stems"] for ending in names["endings"]]
    rng.shuffle(firms)
    projects: list[tuple[Project, Course]] = []
    for number in range(facts["enterprises"]):
        trade = facts["trades"][number % len(facts["trades"])]
        enterprise = _make_enterprise(county, facts, trade, firms[number], names, rng)
        extra = facts["projects"] - facts["enterprises"]
        for place in range(1 + (number < extra)):
            inspector = inspectors[len(projects) % len(inspectors)]
            name = trade["projects"][(number + place) % len(trade["projects"])]
            projects.append(_make_project(enterprise, name, inspector, names, today, rng))
    return projects


def _make_enterprise(
    county: Division,
    facts: dict[str, Any],
    trade: dict[str, Any],
    firm: str,
    names: dict[str, Any],
    rng: random.Random,
) -> Enterprise:
    stem = f"91{county.code}MA{rng.randrange(10**7):07d}"
    return Enterprise.objects.create(
        county=county,
        township=township_of(county, rng.choice(facts["towns"])),
        credit_code=stem + uscc.calc_check_digit(stem),
        name=firm + trade["firm"],
        industry_id=trade["industry"],
        chain=trade["chain"],
        rung=rng.choices(
            [Enterprise.Rung.TECHNOLOGY_SME, Enterprise.Rung.HIGH_TECH, Enterprise.Rung.LEADING], [60, 34, 6]
        )[0],
        contact_name=_person_name(names, rng),
        contact_phone=f"1{rng.choice('3579')}{rng.randrange(10**9):09d}",
    )


def _make_project(
    enterprise: Enterprise,
    name: str,
    inspector: User,
    names: dict[str, Any],
    today: date,
    rng: random.Random,
) -> tuple[Project, Course]:
    kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
    started_days_ago = rng.randint(60, 420) if kind != "waiting" else rng.choice([-45, -20, 10, 50, 120])
    planned_start = today - timedelta(days=started_days_ago)
    course = Course(
        kind=kind,
        total=Decimal(rng.choice(TOTALS)),
        planned_start=planned_start,
        planned_completion=planned_start + timedelta(days=rng.randint(300, 620)),
        start_delay=rng.choice([0, 0, 0, 3, 9, 14]),
        inclusion_delay=rng.choice([8, 12, 15, 18, 20, 22, 23, 25, 26, 27, 28, 28, 29, 30, 30, 38, 45, None]),
        wobble=rng.uniform(-1, 1),
    )
    filed_on = planned_start - timedelta(days=rng.randint(20, 90))
    project = Project.objects.create(
        enterprise=enterprise,
        county=enterprise.county,
        township=enterprise.township,
        name=name,
        code=_project_code(enterprise.county, filed_on, rng),
        nature=rng.choices(
            [Project.Nature.TRANSFORMATION, Project.Nature.EXPANSION, Project.Nature.PURCHASE_ONLY],
            [78, 11, 11],
        )[0],
        stage=Stage.FILED,
        planned_total=course.total,
        planned_equipment=(course.total * Decimal(rng.randint(50, 90)) / 100).quantize(Decimal("0.01")),
        filed_on=filed_on,
        planned_start_on=course.planned_start,
        planned_completion_on=course.planned_completion,
        problem=rng.choice(names["problems"]),
        responsible_name=inspector.name,
        inspector=inspector,
        contact_name=enterprise.contact_name,
        contact_phone=enterprise.contact_phone,
        inclusion_state=InclusionState.NOT_DUE
        if course.total >= INCLUSION_THRESHOLD
        else InclusionState.NOT_APPLICABLE,
    )
    for year in range(course.planned_start.year, min(course.planned_completion.year, today.year + 1) + 1):
        # Planned at New Year for what is then still to be done.
        done = course.share(date(year - 1, 12, 31), today)
        to_do = course.planned_share(date(year, 12, 31)) - done
        amount = (course.total * Decimal(str(round(to_do, 4)))).quantize(Decimal("0.01"))
        if amount > 0:
            plan_year(project, year, amount, by=None)
    return project, course


def _project_code(county: Division, filed_on: date, rng: random.Random) -> str:
    stem = f"{filed_on:%y%m}-{county.code}-04-{rng.choice(['01', '02', '05'])}-{rng.randrange(10**5):05d}"
    return next(code for digit in range(10) if has_right_check_digit(code := f"{stem}{digit}"))


def _inspect(
    projects: list[tuple[Project, Course]],
    cycle: Cycle,
    names: dict[str, Any],
    today: date,
    rng: random.Random,
    *,
    is_last: bool,
) -> list[StageChange]:
    """Inspect the projects that were filed by then; in the last half-month only a part is done yet."""
    found: list[Inspection] = []
    moves: list[StageChange] = []
    for number, (project, course) in enumerate(projects):
        if project.filed_on is None or project.filed_on > cycle.cut_off:
            continue
        if rng.random() < (0.45 if is_last else 0.02):
            continue
        found.append(_found(project, course, cycle, names, today, rng))
        waits = is_last and number % 6 == 5
        if waits and CountySettings.of(cycle.county).needs_second_person:
            found[-1].state, found[-1].reviewer, found[-1].reviewed_at = (
                Inspection.State.SUBMITTED,
                None,
                None,
            )
        else:
            from_stage = project.stage
            _carry_over(project, found[-1], course)
            if project.stage != from_stage:
                moves.append(_move(project, from_stage, found[-1]))
    Inspection.objects.bulk_create(found)
    Project.objects.bulk_update(
        [project for project, _course in projects],
        ["stage", "inclusion_state", "included_on", "started_on", "completed_on"],
        batch_size=100,
    )
    return moves


def _move(project: Project, from_stage: str, inspection: Inspection) -> StageChange:
    return StageChange(
        project=project,
        from_stage=from_stage,
        to_stage=project.stage,
        on=HalfMonth.starting(inspection.cycle_start).end,
        reason=inspection.remark,
        origin=StageChange.Origin.INSPECTION,
        by=project.inspector,
        made_at=inspection.submitted_at,
    )


def _found(
    project: Project,
    course: Course,
    cycle: Cycle,
    names: dict[str, Any],
    today: date,
    rng: random.Random,
) -> Inspection:
    day = cycle.cut_off
    share = course.share(day, today)
    cumulative = (course.total * Decimal(str(round(share, 4)))).quantize(Decimal("0.01"))
    before = course.share(date(day.year - 1, 12, 31), today)
    ytd = max(
        cumulative - (course.total * Decimal(str(round(before, 4)))).quantize(Decimal("0.01")), Decimal(0)
    )
    has_started = share > 0
    stage = Stage.FILED
    if has_started:
        stage = Stage.IN_PRODUCTION if share >= 1 else Stage.BUILDING if share > 0.08 else Stage.STARTED
    submitted_at = datetime.combine(day, datetime.min.time(), tzinfo=SHANGHAI) + timedelta(
        days=rng.randint(0, 3), hours=rng.randint(9, 17), minutes=rng.randint(0, 59)
    )
    state, included_on = _inclusion(course, day, has_started=has_started)
    return Inspection(
        project=project,
        cycle_start=cycle.start,
        cumulative_investment=cumulative,
        ytd_investment=ytd,
        progress_percent=Decimal(str(round(share * 100, 1))),
        stage=stage,
        inclusion_state=state,
        included_on=included_on,
        remark=rng.choice(names["remarks"]) if has_started else "前期手续办理中",
        state=Inspection.State.ACCEPTED,
        inspector=project.inspector,
        submitted_at=submitted_at,
        reviewed_at=submitted_at,
    )


def _inclusion(course: Course, day: date, *, has_started: bool) -> tuple[str, date | None]:
    if course.total < INCLUSION_THRESHOLD:
        return InclusionState.NOT_APPLICABLE, None
    if not has_started:
        return InclusionState.NOT_DUE, None
    if course.included_on is not None and course.included_on <= day:
        return InclusionState.INCLUDED, course.included_on
    return InclusionState.PREPARING, None


def _carry_over(project: Project, inspection: Inspection, course: Course) -> None:
    project.stage = inspection.stage
    bring_to(project, inspection.inclusion_state, way=Way.TABLE, included_on=inspection.included_on)
    if project.started_on is None and inspection.progress_percent:
        project.started_on = course.started_on
    if project.completed_on is None and inspection.stage == Stage.IN_PRODUCTION:
        project.completed_on = HalfMonth.starting(inspection.cycle_start).end

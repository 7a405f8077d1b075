"""Papers and figures of inclusion for the invented counties: every state of a paper and of a project once."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal

from tracker.accounts.models import User
from tracker.calendars.periods import Month
from tracker.inspections.actions import judge_again
from tracker.inspections.figures import beside_each_other
from tracker.library.inclusion import rules
from tracker.library.inclusion.actions import add_file, explain_difference, set_inclusion
from tracker.library.inclusion.models import InclusionPaper, StatisticalFigure
from tracker.library.inclusion.rules import InclusionState, PaperKind, PaperState
from tracker.library.models import NOT_STARTED_STAGES, Division, Project
from tracker.library.rules import INCLUSION_THRESHOLD

MONTHS = 3
FILES_MADE = 12
# How many of a hundred papers have come where a project is still being prepared.
RECEIVED, NOT_NEEDED = 55, 8
REASONS = ["租用现有厂房，无需施工许可", "县统计局明确本批次不再收取"]
WHY_THEY_DIFFER = ["设备已到货，发票未到，统计按付款口径", "预付款未计入统计", "统计口径扣除旧设备"]
SHARE_OF_EQUIPMENT = Decimal("0.7")
CENT = Decimal("0.01")
# A page with one line of text, as small as a PDF can be.
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\n"


def make_inclusion(county: Division, liaison: User, now: datetime, today: date, rng: random.Random) -> None:
    """Papers, states and figures of one county, noted by its liaison."""
    projects = list(
        Project.objects.of_county(county)
        .followed()
        .filter(planned_total__gte=INCLUSION_THRESHOLD)
        .exclude(stage__in=NOT_STARTED_STAGES)
        .for_table()
        .order_by("pk")
    )
    waiting = [project for project in projects if project.inclusion_state == InclusionState.PREPARING]
    for project, state in zip(waiting, ("submitted", "returned", "submitted"), strict=False):
        set_inclusion(project, state, today - timedelta(days=5), "", by=liaison, today=today)
    included = [project for project in projects if project.inclusion_state == InclusionState.INCLUDED]
    for project in included[3:4]:
        said = set_inclusion(
            project, "removed", today - timedelta(days=3), "统字〔演示〕9号", by=liaison, today=today
        )
        judge_again(said, at=now)
    _make_papers(projects, {project.pk for project in included}, liaison, now, rng)
    for number, project in enumerate(waiting[:FILES_MADE]):
        kind = rules.required(project.nature)[0]
        content = PDF + b"%% %d\ntrailer<</Root 1 0 R>>\n%%%%EOF\n" % number
        add_file(project, kind, content, "备案证明.pdf", by=liaison, at=now)
    _make_figures(included, liaison, now, today, rng)


def _make_papers(
    projects: list[Project], complete: set[int], liaison: User, now: datetime, rng: random.Random
) -> None:
    papers = []
    for project in projects:
        for kind in rules.required(project.nature):
            drawn = rng.randrange(100)
            state = PaperState.RECEIVED
            if project.pk not in complete and drawn >= RECEIVED:
                state = PaperState.NOT_NEEDED if drawn < RECEIVED + NOT_NEEDED else PaperState.MISSING
            if state == PaperState.MISSING:
                continue
            papers.append(_paper(project, kind, state, liaison, now, rng))
    InclusionPaper.objects.bulk_create(papers, batch_size=200)


def _paper(
    project: Project, kind: PaperKind, state: PaperState, liaison: User, now: datetime, rng: random.Random
) -> InclusionPaper:
    paper = InclusionPaper(project=project, kind=kind, state=state, edition=1, noted_by=liaison)
    paper.noted_at = now - timedelta(days=rng.randint(1, 60))
    if state == PaperState.NOT_NEEDED:
        paper.reason = rng.choice(REASONS)
    elif kind in rules.CONTRACTS:
        # Now and then a contract says something else than the filing.
        paper.party = project.enterprise.name if rng.randrange(8) else "山东虚构工程总承包有限公司"
        paper.total = (project.planned_total * Decimal("0.6")).quantize(CENT)
        if project.filed_on:
            paper.dated_on = project.filed_on + timedelta(days=rng.choice([-6, 20, 31, 45]))
    elif kind == PaperKind.FILING:
        paper.total = project.planned_total
    return paper


def _make_figures(
    projects: list[Project], liaison: User, now: datetime, today: date, rng: random.Random
) -> None:
    months: list[Month] = []
    month = rules.latest_survey(today)
    while len(months) < MONTHS:
        if rules.has_survey(month):
            months.append(month)
        month = month.previous()
    figures = []
    for line in beside_each_other(projects, months):
        if line.inspected is None:
            continue
        part = rng.choice(["1", "1", "1", "1", "0.96", "0.9"])
        ytd = (line.inspected * Decimal(part)).quantize(CENT)
        equipment = (ytd * SHARE_OF_EQUIPMENT).quantize(CENT)
        figures.append(
            StatisticalFigure(
                project=line.project,
                year=line.month.year,
                month=line.month.month,
                ytd_investment=ytd,
                construction=ytd - equipment,
                installation=Decimal(0),
                equipment=equipment,
                other=Decimal(0),
                set_by=liaison,
                set_at=now,
                edition=1,
            )
        )
    StatisticalFigure.objects.bulk_create(figures, batch_size=200)
    for line in beside_each_other(projects, months):
        if line.is_open and line.figure and line.difference and rng.randrange(2):
            explain_difference(line.figure, line.difference, rng.choice(WHY_THEY_DIFFER), by=liaison, at=now)

"""What an enterprise sees of its projects: which badge, why, and what comes next."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.generic import TemplateView

from tracker.accounts.queries import team_leads_of
from tracker.badges.models import Award
from tracker.badges.presentation import STRIP_LENGTH, StripMark, history_strip, plan_chart
from tracker.calendars.periods import HalfMonth, NotAPeriod
from tracker.inspections.models import Cycle, Inspection
from tracker.library.inclusion.queries import missing_papers
from tracker.library.inclusion.rules import PaperKind
from tracker.library.models import AnnualPlan, BadgeColour, CountySettings, Project
from tracker.portal.access import EnterpriseOnly
from tracker.portal.views.deadlines import Deadline, awaits_inclusion, deadlines_of

# What needs attention stands first; within a colour the projects keep their own order.
WORST_FIRST = [BadgeColour.RED, BadgeColour.YELLOW, BadgeColour.BLUE, BadgeColour.GOLD, BadgeColour.NONE]
# Two years of half-months; an earlier one is reached by its address.
ROWS_SHOWN = 2 * STRIP_LENGTH


@dataclass(frozen=True)
class ProjectCard:
    """One project with its latest badge, its history, its figures and what is due."""

    project: Project
    award: Award | None
    marks: list[StripMark]
    inspection: Inspection | None
    plan: AnnualPlan | None
    deadlines: list[Deadline]
    papers_missing: list[PaperKind] | None = None

    @property
    def strip_name(self) -> str:
        """A name for the history that no other on the page has."""
        return f"strip-{self.project.pk}"


class PortalPage(EnterpriseOnly, TemplateView):
    """A page of the portal: it says whose it is, whom to ask, and until when figures count."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What every page of the portal shows."""
        return {
            **super().get_context_data(**kwargs),
            "enterprise": self.enterprise,
            "team_leads": team_leads_of(self.enterprise.county.path),
            "next_cut_off": HalfMonth.containing(timezone.localdate()).end,
        }


class Home(PortalPage):
    """The enterprise's projects, the one in need first; a single one is explained at once."""

    template_name = "portal/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A card for each project."""
        projects = Project.objects.visible_to(self.person).for_table().prefetch_related("plans")
        cards = _cards(list(projects), self.enterprise.county_id, timezone.localdate())
        cards.sort(key=lambda card: WORST_FIRST.index(BadgeColour(card.project.badge)))
        context = {**super().get_context_data(**kwargs), "cards": cards, "counts": _counts(cards)}
        if len(cards) == 1:
            award = _in_full(cards[0].award)
            context |= {"award": award, "chart": _chart(award, cards[0].project)}
        return context


class ProjectPage(PortalPage):
    """One project in full: the badge of the latest or of an earlier half-month, and all its figures."""

    template_name = "portal/project.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The project as it stood in `?cycle=`, or as it stands."""
        visible = Project.objects.visible_to(self.person).for_table().prefetch_related("plans")
        project = get_object_or_404(visible, pk=self.kwargs["pk"])
        [card] = _cards([project], self.enterprise.county_id, timezone.localdate())
        asked = self._asked_cycle()
        award = _in_full(card.award) if asked is None else _award_in(project, asked)
        year = award.cycle_start.year if award else timezone.localdate().year
        plan, baseline = project.plan_for(year), project.baseline_for(year)
        rows = _rows(project)
        return {
            **super().get_context_data(**kwargs),
            "card": card,
            "project": project,
            "phone": project.contact_phone if self.person.can("know_phone", project) else "",
            "award": award,
            "is_earlier": award is not None and card.award is not None and award.pk != card.award.pk,
            "superseded": _superseded(award),
            "chart": _chart(award, project),
            "year": year,
            "plan": plan,
            "baseline": baseline,
            "replans": plan.version - 1 if plan else 0,
            "rows": rows,
            "inspection": _figures_behind(award, rows) or card.inspection,
        }

    def _asked_cycle(self) -> HalfMonth | None:
        code = self.request.GET.get("cycle")
        if not code:
            return None
        try:
            return HalfMonth.parse(code)
        except NotAPeriod:
            raise Http404 from None


def _cards(projects: list[Project], county_id: int, today: date) -> list[ProjectCard]:
    """The same few queries, however many projects."""
    awards = _awards(projects)
    latest = _latest_inspections(projects)
    settings = CountySettings.objects.filter(county=county_id).first() or CountySettings()
    skipped = set(
        Cycle.objects.filter(county=county_id, state=Cycle.State.SKIPPED).values_list("start", flat=True)
    )
    # Of those whose papers are awaited; of the others nobody wants any.
    papers = missing_papers(project for project in projects if awaits_inclusion(project))
    return [
        replace(
            _card(project, awards[project.pk], latest.get(project.pk), settings, skipped, today),
            papers_missing=papers.get(project.pk),
        )
        for project in projects
    ]


def _card(
    project: Project,
    awards: list[Award],
    inspection: Inspection | None,
    settings: CountySettings,
    skipped: Collection[date],
    today: date,
) -> ProjectCard:
    award = awards[0] if awards else None
    year = inspection.cycle_start.year if inspection else today.year
    return ProjectCard(
        project=project,
        award=award,
        marks=history_strip(awards, HalfMonth.starting(award.cycle_start), skipped) if award else [],
        inspection=inspection,
        plan=project.plan_for(year),
        deadlines=deadlines_of(
            project, award.policy.policy if award else None, settings.inclusion_deadline_day, today
        ),
    )


def _awards(projects: list[Project]) -> defaultdict[int, list[Award]]:
    """The standing badges by project, newest first, as far back as the history strip goes."""
    by_project: defaultdict[int, list[Award]] = defaultdict(list)
    newest = max(
        (project.badge_cycle_start for project in projects if project.badge_cycle_start), default=None
    )
    if newest is None:
        return by_project
    since = HalfMonth.starting(newest).plus(1 - STRIP_LENGTH)
    standing = Award.objects.standing().filter(project__in=projects, cycle_start__gte=since.start)
    # The history needs the sentences only; what a badge was judged by is read where one is explained.
    history = standing.select_related("policy").defer("inputs", "lights").order_by("-cycle_start")
    for award in history:
        by_project[award.project_id].append(award)
    return by_project


def _latest_inspections(projects: list[Project]) -> dict[int, Inspection]:
    accepted = Inspection.objects.accepted()
    newest = accepted.filter(project=OuterRef("project")).order_by("-cycle_start").values("cycle_start")[:1]
    latest = accepted.filter(project__in=projects, cycle_start=Subquery(newest))
    return {inspection.project_id: inspection for inspection in latest}


def _in_full(award: Award | None) -> Award | None:
    """The award with everything it was judged by."""
    return Award.objects.select_related("policy").get(pk=award.pk) if award else None


def _award_in(project: Project, half_month: HalfMonth) -> Award:
    standing = Award.objects.standing().select_related("policy")
    return get_object_or_404(standing, project=project, cycle_start=half_month.start)


def _superseded(award: Award | None) -> list[Award]:
    """Earlier judgements of the same half-month, which stay readable."""
    if award is None or award.version == 1:
        return []
    earlier = Award.objects.filter(project=award.project_id, cycle_start=award.cycle_start)
    return list(earlier.filter(state=Award.State.SUPERSEDED).order_by("-version"))


def _chart(award: Award | None, project: Project) -> Any:
    if award is None:
        return None
    inspected = Inspection.objects.accepted().filter(
        project=project, cycle_start__year=award.cycle_start.year
    )
    return plan_chart(award, inspected.values_list("cycle_start", "ytd_investment"))


def _rows(project: Project) -> list[dict[str, Any]]:
    """Half-month by half-month, newest first: the badge and the figures behind it."""
    inspections = {
        inspection.cycle_start: inspection
        for inspection in Inspection.objects.accepted()
        .filter(project=project)
        .order_by("-cycle_start")[:ROWS_SHOWN]
    }
    awards = Award.objects.standing().filter(project=project).defer("inputs", "lights")
    badges = {award.cycle_start: award for award in awards.order_by("-cycle_start")[:ROWS_SHOWN]}
    starts = sorted({*inspections, *badges}, reverse=True)[:ROWS_SHOWN]
    return [
        {
            "start": start,
            "cycle": HalfMonth.starting(start).code,
            "award": badges.get(start),
            "inspection": inspections.get(start),
        }
        for start in starts
    ]


def _figures_behind(award: Award | None, rows: list[dict[str, Any]]) -> Inspection | None:
    """The last inspection that the badge could rest on."""
    known = (row["inspection"] for row in rows if award and row["start"] <= award.cycle_start)
    return next((inspection for inspection in known if inspection), None)


def _counts(cards: list[ProjectCard]) -> list[tuple[str, int]]:
    """How many projects have which badge, worst first; colours that nobody has are left out."""
    counted = Counter(card.project.badge for card in cards)
    return [(colour.value, counted[colour]) for colour in WORST_FIRST if counted[colour]]

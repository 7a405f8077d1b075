"""What does the person have to do now? One page, as each role needs it."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.views.generic import TemplateView

from tracker.accounts.roles import Role
from tracker.badges.models import Award
from tracker.badges.rules import Dimension
from tracker.calendars.periods import shanghai_date
from tracker.inspections.models import Cycle, Inspection
from tracker.inspections.queries import (
    awaiting,
    awaiting_inclusion,
    current_cycle,
    inspectable_by,
    last_accepted,
    latest_awards,
    new_reds,
    next_inclusion_deadline,
    next_window,
    worst_badge_first,
)
from tracker.library.models import BadgeColour, Division, InclusionState, Project, ProjectQuerySet
from tracker.library.words import badge_label
from tracker.office.access import OfficialOnly
from tracker.office.views.cycles import COLOURS, ColourCount, Progress
from tracker.office.views.health import wrong_lines


@dataclass(frozen=True)
class DueProject:
    """A project to inspect, with what was found last time."""

    project: Project
    last: Inspection | None


class Today(OfficialOnly, TemplateView):
    """What must I do now, who needs me, how is my county?"""

    @cached_property
    def today(self) -> date:
        """The day in Shanghai."""
        return shanghai_date(timezone.now())

    @cached_property
    def projects(self) -> ProjectQuerySet:
        """The county's projects as far as the person sees them."""
        seen: ProjectQuerySet = Project.objects.visible_to(self.person).of_county(self.county)
        return seen

    @cached_property
    def cycle(self) -> Cycle | None:
        """The half-month to inspect now."""
        return current_cycle(self.county, self.today)

    @property
    def _shows_counties(self) -> bool:
        return len(self.counties) > 1 and "county" not in self.request.GET

    def get_template_names(self) -> list[str]:
        """A page for each role, one for whoever answers for several counties, and one for who has none."""
        if not self.counties:
            return ["office/today_nowhere.html"]
        return [
            "office/today_counties.html" if self._shows_counties else f"office/today_{self.person.role}.html"
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Only what the person's page shows is asked for."""
        if self.person.can("administer_system"):
            kwargs["wrong_parts"] = wrong_lines()
        if not self.counties:
            return {"view": self, **kwargs}
        context = super().get_context_data(**kwargs)
        context["reads_trail"] = self.person.can("read_trail")
        if self._shows_counties:
            return {**context, "rows": self._counties()}
        facts = {
            Role.INSPECTOR: self._for_inspector,
            Role.TEAM_LEAD: self._for_lead,
            Role.LEADER: self._for_leader,
            Role.STATISTICS_LIAISON: self._for_liaison,
            Role.AUDITOR: self._for_overseer,
            Role.SYSTEM_ADMINISTRATOR: self._for_overseer,
            Role.SECURITY_ADMINISTRATOR: self._for_overseer,
        }[Role(self.person.role)]()
        return {**context, "today": self.today, "next_window": next_window(self.county, self.today), **facts}

    def _for_inspector(self) -> dict[str, Any]:
        mine = inspectable_by(self.person).of_county(self.county)
        if self.cycle is None:
            return {"progress": None, "has_projects": mine.exists()}
        entered = Inspection.objects.in_cycle(self.cycle.start).filter(project__in=mine.values("pk"))
        returned = list(
            entered.filter(state=Inspection.State.RETURNED).select_related("project__enterprise", "reviewer")
        )
        waiting = mine.filter(pk__in=awaiting(self.cycle).values("pk"))
        due = worst_badge_first(waiting.exclude(pk__in=[row.project_id for row in returned])).for_table()
        last = last_accepted(waiting, self.cycle.half_month)
        rows = [DueProject(project, last.get(project.pk)) for project in due]
        return {
            "progress": self._progress_of(mine),
            "returned": returned,
            "due": rows,
            "first": returned[0].project if returned else rows[0].project if rows else None,
            "submitted": entered.filter(state=Inspection.State.SUBMITTED).count(),
            "has_projects": True,
        }

    def _for_lead(self) -> dict[str, Any]:
        return {
            **self._progress(),
            "to_accept": self._to_accept(),
            "new_reds": new_reds(self.projects.followed()),
        }

    def _progress(self) -> dict[str, Any]:
        """The half-month's progress, and how many are missing by person; by name, never by number."""
        if self.cycle is None:
            return {"progress": None, "missing": []}
        missing = self.projects.filter(pk__in=awaiting(self.cycle).values("pk"))
        by_person = missing.order_by("inspector__name", "inspector").values("inspector", "inspector__name")
        return {
            "progress": self._progress_of(self.projects.followed()),
            "missing": by_person.annotate(number=Count("pk")),
        }

    def _progress_of(self, projects: ProjectQuerySet) -> Progress:
        assert self.cycle is not None
        left = projects.filter(pk__in=awaiting(self.cycle).values("pk")).count()
        return Progress.of(self.cycle, projects.count(), left, self.today)

    def _to_accept(self) -> list[Inspection]:
        waiting = Inspection.objects.visible_to(self.person).to_review().filter(project__county=self.county)
        is_kept = Cycle.objects.of_county(self.county).exclude(state=Cycle.State.SKIPPED)
        return list(
            waiting.filter(cycle_start__in=is_kept.values("start"))
            .select_related("project__enterprise", "inspector")
            .order_by("submitted_at")
        )

    def _for_leader(self) -> dict[str, Any]:
        followed = self.projects.followed()
        awards = list(latest_awards(followed).only("badge", "inputs", "lights", "cycle_start"))
        latest = max((award.cycle_start for award in awards), default=None)
        return {
            **self._colours(followed, latest),
            **self._investment([award for award in awards if award.cycle_start.year == self.today.year]),
            **self._inclusion(),
            "new_reds": new_reds(followed),
            "progress": self._progress()["progress"],
        }

    def _colours(self, followed: ProjectQuerySet, latest: date | None) -> dict[str, Any]:
        """The badges of today, and their movement since the half-month before the latest."""
        now = Counter(followed.values_list("badge", flat=True))
        earlier = Award.objects.standing().filter(project__in=followed.order_by().values("pk"))
        before = (
            latest
            and earlier.filter(cycle_start__lt=latest)
            .order_by("-cycle_start")
            .values_list("cycle_start", flat=True)
            .first()
        )
        then = Counter(earlier.filter(cycle_start=before).values_list("badge", flat=True)) if before else None
        if then is not None:
            # Who had no badge then was not rated then.
            then[BadgeColour.NONE] += sum(now.values()) - sum(then.values())
        colours = [
            ColourCount(colour, now[colour], None if then is None else now[colour] - then[colour])
            for colour in COLOURS
        ]
        return {"colours": colours, "before": before, "total": sum(now.values())}

    def _investment(self, awards: list[Award]) -> dict[str, Any]:
        """This year's plan, what of it should be done by the latest cut-off, and what is done (万元)."""
        plan = planned = done = Decimal(0)
        for award in awards:
            amount = Decimal(award.inputs.get("annual_plan") or 0)
            light: dict[str, Any] = next(
                (one for one in award.lights if one["dimension"] == Dimension.INVESTMENT), {}
            )
            if not amount:
                continue
            plan += amount
            planned += amount * Decimal(light.get("planned") or 0) / 100
            done += Decimal(award.inputs.get("ytd_investment") or 0)
        shares = {"planned_share": _share(planned, plan), "done_share": _share(done, plan)}
        return {"plan": plan, "planned": planned, "done": done, **shares}

    def _inclusion(self) -> dict[str, Any]:
        """How many of the started projects that belong into statistics are there."""
        waiting = awaiting_inclusion(self.projects).count()
        included = self.projects.followed().filter(inclusion_state=InclusionState.INCLUDED).count()
        of = waiting + included
        return {
            "inclusion_waiting": waiting,
            "included": included,
            "inclusion_of": of,
            "inclusion_share": _share(Decimal(included), Decimal(of)),
        }

    def _for_liaison(self) -> dict[str, Any]:
        waiting = awaiting_inclusion(self.projects)
        states = Counter(waiting.values_list("inclusion_state", flat=True))
        by_state = [(state, states[state]) for state in InclusionState if states[state]]
        return {
            **self._inclusion(),
            "by_state": by_state,
            "deadline": next_inclusion_deadline(self.county, self.today),
            "progress": self._progress()["progress"],
        }

    def _for_overseer(self) -> dict[str, Any]:
        followed = self.projects.followed()
        now = Counter(followed.values_list("badge", flat=True))
        return {
            **self._progress(),
            "colours": [ColourCount(colour, now[colour], None) for colour in COLOURS],
            "total": sum(now.values()),
        }

    def _counties(self) -> list[dict[str, Any]]:
        """How each county stands; those without projects are left out."""
        # As many queries for a province as for a city of two counties.
        seen = Project.objects.visible_to(self.person).followed().order_by()
        badges = {colour.value: Count("pk", filter=Q(badge=colour)) for colour in COLOURS}
        numbers = {row["county"]: row for row in seen.values("county").annotate(total=Count("pk"), **badges)}
        cycles = Cycle.objects.open_on(self.today).filter(county__in=numbers).order_by("start")
        current = {cycle.county_id: cycle for cycle in cycles}
        reported = Inspection.objects.exclude(state=Inspection.State.RETURNED).filter(
            project__in=seen.values("pk"), cycle_start__in={cycle.start for cycle in current.values()}
        )
        done = {
            (row["project__county"], row["cycle_start"]): row["number"]
            for row in reported.order_by()
            .values("project__county", "cycle_start")
            .annotate(number=Count("pk"))
        }
        return [
            self._county_row(county, numbers[county.pk], current.get(county.pk), done)
            for county in self.counties
            if county.pk in numbers
        ]

    def _county_row(
        self,
        county: Division,
        numbers: dict[str, Any],
        cycle: Cycle | None,
        done: dict[tuple[int, date], int],
    ) -> dict[str, Any]:
        reported = done.get((county.pk, cycle.start), 0) if cycle else None
        return {
            "county": county,
            "total": numbers["total"],
            "counts": [(badge_label(colour), numbers[colour.value]) for colour in COLOURS],
            "cycle": cycle,
            "done": reported,
        }


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    """Per cent of the whole, rounded as people round."""
    return (part * 100 / whole).quantize(Decimal("0.1"), ROUND_HALF_UP) if whole else None

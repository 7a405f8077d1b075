"""The cycle board: who has not reported, and what a team lead does with a half-month."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, Self

from django.contrib import messages
from django.db.models import Case, F, FilteredRelation, IntegerField, Q, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView
from django_tables2 import RequestConfig

from tracker.badges.models import Award
from tracker.calendars.periods import shanghai_date
from tracker.calendars.queries import working_days_of
from tracker.calendars.workdays import working_days_between
from tracker.inspections import actions
from tracker.inspections.models import Cycle, Inspection
from tracker.inspections.queries import current_cycle, next_window
from tracker.library.models import (
    ENDED_STAGES,
    WORST_FIRST,
    BadgeColour,
    CountySettings,
    Project,
    ProjectQuerySet,
)
from tracker.library.words import half_month_label
from tracker.office.access import OfficialOnly
from tracker.office.forms.cycles import MISSING, NOBODY, BoardFilter, SkipForm
from tracker.office.tables.cycles import BoardTable

ROWS_A_PAGE = 50
COLOURS = [BadgeColour.RED, BadgeColour.YELLOW, BadgeColour.BLUE, BadgeColour.GOLD, BadgeColour.NONE]


@dataclass(frozen=True)
class Progress:
    """How far a half-month has come."""

    cycle: Cycle
    total: int
    left: int
    days_left: int
    is_overdue: bool

    @classmethod
    def of(cls, cycle: Cycle, total: int, left: int, today: date) -> Self:
        """The same with the time that there is for those that are left."""
        days_left = working_days_between(today, cycle.due_on, working_days_of(cycle.county_id))
        return cls(cycle, total, left, days_left, is_overdue=today > cycle.due_on)

    @property
    def done(self) -> int:
        """How many have been reported."""
        return self.total - self.left

    @property
    def time(self) -> str:
        """How much time there is, in words."""
        days = abs(self.days_left)
        if self.is_overdue and days:
            return ngettext("%(days)s working day overdue", "%(days)s working days overdue", days) % {
                "days": days
            }
        if self.is_overdue:
            return _("overdue")
        if not days:
            return _("due today")
        return ngettext("%(days)s working day left", "%(days)s working days left", days) % {"days": days}

    @property
    def headline(self) -> str:
        """The whole state in one line."""
        words = {"cycle": half_month_label(self.cycle.half_month), "left": self.left, "total": self.total}
        if not self.left:
            text = _("%(cycle)s: all %(total)s inspected") % words
        else:
            text = _("%(cycle)s: %(left)s of %(total)s to inspect, %(time)s") % {**words, "time": self.time}
        return text[0].upper() + text[1:]


@dataclass(frozen=True)
class ColourCount:
    """How many projects have the colour now, and by how many that changed."""

    badge: str
    number: int
    change: int | None

    @property
    def fewer(self) -> int:
        """By how many there are fewer, as a positive number."""
        return -(self.change or 0)


class CurrentCycle(OfficialOnly, TemplateView):
    """The way to the half-month that is inspected now, or was last."""

    template_name = "office/cycle_none.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead to the board; a county that has not begun is told how it begins."""
        today = shanghai_date(timezone.now())
        opened = Cycle.objects.of_county(self.county).filter(opens_on__lte=today).order_by("-start")
        cycle = current_cycle(self.county, today) or opened.first()
        if cycle is not None:
            return redirect("office:cycle", cycle=cycle.half_month)
        return self.render_to_response(self.get_context_data(next_window=next_window(self.county, today)))


# What the board counts by.
COUNTED = (
    "report_state",
    "report_by",
    "given_badge",
    "given_state",
    "township",
    "township__name_zh",
    "inspector",
    "inspector__name",
)
NOT_REPORTED = (None, Inspection.State.RETURNED)


class OfCycle(OfficialOnly, TemplateView):
    """A page about one half-month of the county."""

    @cached_property
    def cycle(self) -> Cycle:
        """The county's half-month; one that was never planned is 404."""
        found: Cycle = get_object_or_404(
            Cycle.objects.of_county(self.county).select_related("county", "closed_by"),
            start=self.kwargs["cycle"].start,
        )
        return found

    @cached_property
    def today(self) -> date:
        """The day in Shanghai."""
        return shanghai_date(timezone.now())

    @property
    def decides(self) -> bool:
        """Whether the person closes, skips and confirms the county's half-months."""
        return self.person.can("keep_cycle", self.cycle)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Which half-month it is about."""
        return {**super().get_context_data(**kwargs), "cycle": self.cycle, "today": self.today}

    @property
    def rows(self) -> ProjectQuerySet:
        """The projects of the half-month as far as the person sees them, with what was reported and given."""
        start = self.cycle.start
        seen: ProjectQuerySet = Project.objects.visible_to(self.person).of_county(self.county)
        rows = seen.annotate(
            report=FilteredRelation("inspections", condition=Q(inspections__cycle_start=start)),
            given=FilteredRelation(
                "awards",
                condition=Q(
                    awards__cycle_start=start,
                    awards__state__in=[Award.State.PROVISIONAL, Award.State.CONFIRMED],
                ),
            ),
        ).annotate(
            report_state=F("report__state"),
            report_by=F("report__inspector"),
            report_cumulative=F("report__cumulative_investment"),
            report_ytd=F("report__ytd_investment"),
            report_progress=F("report__progress_percent"),
            given_badge=F("given__badge"),
            given_state=F("given__state"),
            given_stale=F("given__is_stale"),
            badge_rank=Case(
                *[When(given__badge=colour, then=Value(rank)) for rank, colour in enumerate(WORST_FIRST)],
                default=Value(len(WORST_FIRST)),
                output_field=IntegerField(),
            ),
        )
        expected = ~Q(stage__in=ENDED_STAGES)
        if self.cycle.closed_at is not None:
            # Who came into the library later was not missing then.
            expected &= Q(added_at__lte=self.cycle.closed_at) | Q(given__badge__isnull=False)
        found: ProjectQuerySet = rows.filter(Q(report__state__isnull=False) | expected)
        return found


class CycleBoard(OfCycle):
    """Who has not reported?"""

    needs_to_post = "keep_cycle"
    template_name = "office/cycle.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The progress, the counts, and the table."""
        reported = list(self.rows.order_by().values(*COUNTED))
        missing = [row for row in reported if row["report_state"] in NOT_REPORTED]
        chosen = BoardFilter(
            self.request.GET,
            townships=_names(reported, "township", "township__name_zh"),
            people=_names(reported, "inspector", "inspector__name"),
        )
        table = BoardTable(self._chosen(chosen.wanted()), order_by="given_badge")
        RequestConfig(self.request, paginate={"per_page": ROWS_A_PAGE}).configure(table)
        colours = Counter(row["given_badge"] for row in reported if row["given_badge"])
        theirs = [row for row in reported if row["report_state"] == Inspection.State.SUBMITTED]
        neighbours = Cycle.objects.of_county(self.county)
        return {
            **super().get_context_data(**kwargs),
            "progress": Progress.of(self.cycle, len(reported), len(missing), self.today),
            "colours": [ColourCount(colour, colours[colour], None) for colour in COLOURS],
            "by_township": _numbers(missing, "township", "township__name_zh"),
            "by_person": _numbers(missing, "inspector", "inspector__name"),
            "filter": chosen,
            "table": table,
            "decides": self.decides,
            "has_opened": self.cycle.opens_on <= self.today,
            "acceptable": sum(row["report_by"] != self.person.pk for row in theirs),
            "confirmable": self._confirmable(reported),
            "shown_at": timezone.now().isoformat(),
            "earlier": neighbours.filter(start__lt=self.cycle.start).order_by("-start").first(),
            "later": neighbours.filter(start__gt=self.cycle.start).order_by("start").first(),
        }

    def _chosen(self, wanted: dict[str, str]) -> ProjectQuerySet:
        rows = self.rows.select_related("enterprise", "inspector")
        if state := wanted.get("state"):
            still = Q(report_state=None) | Q(report_state=Inspection.State.RETURNED)
            rows = rows.filter(still if state == MISSING else Q(report_state=state))
        if township := wanted.get("township"):
            rows = rows.filter(township=int(township))
        if person := wanted.get("person"):
            rows = rows.filter(inspector=None if person == NOBODY else int(person))
        return rows

    def _confirmable(self, reported: list[dict[str, Any]]) -> int:
        """How many badges wait for the lead, where the county has it so and the half-month is over."""
        by_lead = CountySettings.of(self.county).confirmation == CountySettings.Confirmation.BY_LEAD
        if not by_lead or self.cycle.state != Cycle.State.CLOSED:
            return 0
        return sum(row["given_state"] == Award.State.PROVISIONAL for row in reported)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Accept everything that others had submitted when the page was shown."""
        self.require(self.cycle)
        shown_at = _moment(request.POST.get("shown_at", ""))
        if shown_at is None:
            return redirect("office:cycle", cycle=self.cycle.half_month)
        waiting = Inspection.objects.visible_to(self.person).to_review().in_cycle(self.cycle.start)
        theirs = waiting.filter(project__county=self.county, submitted_at__lte=shown_at).exclude(
            inspector=self.person
        )
        accepted = sum(self._accept(inspection) for inspection in theirs)
        text = ngettext("%(number)s inspection accepted.", "%(number)s inspections accepted.", accepted)
        messages.success(request, text % {"number": accepted})
        return redirect("office:cycle", cycle=self.cycle.half_month)

    def _accept(self, inspection: Inspection) -> bool:
        """Whether it was still there to be accepted."""
        try:
            actions.accept_inspection(
                inspection, by=self.person, at=timezone.now(), edition=inspection.edition
            )
        except (actions.NotSubmitted, actions.CycleIsClosed, actions.SamePerson, actions.EditedMeanwhile):
            return False
        return True


def _moment(text: str) -> datetime | None:
    """The moment that a page's form names; none where that is not one."""
    try:
        moment = parse_datetime(text)
        return moment.astimezone(UTC) if moment and moment.utcoffset() is not None else None
    except (ValueError, OverflowError):
        return None


def _names(rows: list[dict[str, Any]], key: str, name: str) -> list[tuple[int, str]]:
    """Whom or what the rows name, each once, by name."""
    found = {row[key]: row[name] for row in rows if row[key] is not None}
    return sorted(found.items(), key=lambda pair: pair[1])


def _numbers(rows: list[dict[str, Any]], key: str, name: str) -> list[tuple[int | None, str | None, int]]:
    """How many rows each name has, by name and never by number."""
    found = Counter((row[key], row[name]) for row in rows)
    return [(pk, word, found[pk, word]) for pk, word in sorted(found, key=lambda pair: pair[1] or "")]


class OfLead(OfCycle):
    """What only a team lead of the whole county does with a half-month, after having read what it does."""

    needs = "keep_cycle"

    @cached_property
    def cycle(self) -> Cycle:
        """The half-month, if the person answers for the whole county."""
        found: Cycle = get_object_or_404(
            Cycle.objects.visible_to(self.person)
            .of_county(self.county)
            .select_related("county", "closed_by"),
            start=self.kwargs["cycle"].start,
        )
        self.require(found)
        return found

    def _back(self, text: str, *, level: int = messages.SUCCESS) -> HttpResponse:
        messages.add_message(self.request, level, text)
        return redirect("office:cycle", cycle=self.cycle.half_month)


class CloseCycle(OfLead):
    """End a half-month before its time is over."""

    template_name = "office/cycle_close.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """How many are missing, and what closing does."""
        states = Counter(self.rows.order_by().values_list("report_state", flat=True))
        return {
            **super().get_context_data(**kwargs),
            "missing": states[None] + states[Inspection.State.RETURNED],
            "undecided": states[Inspection.State.SUBMITTED],
            "can_close": self.cycle.is_open and self.cycle.opens_on <= self.today,
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Close it and judge every project."""
        if self.cycle.opens_on > self.today:
            return self._back(
                _("The half-month has not opened yet: there is nothing to close."), level=messages.ERROR
            )
        if not actions.close_cycle(self.cycle, by=self.person, at=timezone.now()):
            return self._back(_("The half-month was closed already."), level=messages.INFO)
        return self._back(_("The half-month is closed and every project is judged."))


class SkipCycle(OfLead):
    """Leave a half-month out."""

    template_name = "office/cycle_skip.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """How many inspections would no longer be asked for."""
        entered = Inspection.objects.in_cycle(self.cycle.start).filter(project__county=self.county).count()
        return {**super().get_context_data(**{"form": SkipForm(), **kwargs}), "entered": entered}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Skip it with the reason."""
        form = SkipForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        if not actions.skip_cycle(self.cycle, form.cleaned_data["reason"]):
            return self._back(_("The half-month is not open any more."), level=messages.INFO)
        return self._back(_("The half-month is skipped: nobody is late with it."))


class ConfirmBadges(OfLead):
    """Make the badges of a closed half-month final."""

    template_name = "office/cycle_confirm.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """How many badges of which colour wait."""
        waiting = self.rows.filter(given_state=Award.State.PROVISIONAL).order_by()
        colours = Counter(waiting.values_list("given_badge", flat=True))
        return {
            **super().get_context_data(**kwargs),
            "colours": [ColourCount(colour, colours[colour], None) for colour in COLOURS],
            "number": sum(colours.values()),
            "can_confirm": self._can_confirm,
        }

    @property
    def _can_confirm(self) -> bool:
        by_lead = CountySettings.of(self.county).confirmation == CountySettings.Confirmation.BY_LEAD
        return by_lead and self.cycle.state == Cycle.State.CLOSED

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Confirm them all."""
        if not self._can_confirm:
            text = _("Here badges are confirmed when the half-month closes.")
            return self._back(text, level=messages.ERROR)
        number = actions.confirm_cycle(self.cycle, by=self.person, at=timezone.now())
        text = ngettext("%(number)s badge confirmed.", "%(number)s badges confirmed.", number)
        return self._back(text % {"number": number})

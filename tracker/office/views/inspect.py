"""Inspecting a project, and deciding what somebody else has submitted."""

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from tracker.badges.models import Award
from tracker.calendars.periods import HalfMonth, NotAPeriod, shanghai_date
from tracker.inspections import actions
from tracker.inspections.models import Cycle, Inspection
from tracker.inspections.queries import (
    awaiting,
    current_cycle,
    inspectable_by,
    next_window,
    previous_inspection,
    worst_badge_first,
)
from tracker.inspections.rules import Findings
from tracker.library.models import Division, Project
from tracker.library.words import badge_label, badge_shape
from tracker.office.access import OfficialOnly
from tracker.office.forms.inspect import InspectionForm, ReturnForm, unchanged_findings


class Inspect(OfficialOnly, TemplateView):
    """What changed at the project since last time?"""

    needs = "inspect_project"
    template_name = "office/inspect.html"

    @cached_property
    def project(self) -> Project:
        """The project, if the person may inspect it."""
        mine = inspectable_by(self.person).select_related("enterprise", "township", "county")
        found: Project = get_object_or_404(mine, pk=self.kwargs["pk"])
        self.require(found)
        return found

    @cached_property
    def county(self) -> Division:
        """The project's own, wherever the person came from."""
        return self.project.county

    @cached_property
    def cycle(self) -> Cycle | None:
        """The half-month that the form is about: the one it was shown for, else the one to inspect now."""
        named = self.request.POST.get("cycle") or self.request.GET.get("cycle")
        if not named:
            return current_cycle(self.county, shanghai_date(timezone.now()))
        try:
            start = HalfMonth.parse(named).start
        except NotAPeriod as error:
            raise Http404 from error
        return get_object_or_404(Cycle.objects.of_county(self.county), start=start)

    @cached_property
    def present(self) -> Inspection | None:
        """What has been entered in this half-month already."""
        if self.cycle is None:
            return None
        entered = Inspection.objects.in_cycle(self.cycle.start).filter(project=self.project)
        return entered.select_related("inspector", "reviewer").first()

    @cached_property
    def before(self) -> Inspection | None:
        """What was found last time."""
        return previous_inspection(self.project, self.cycle.half_month) if self.cycle else None

    @property
    def is_correcting(self) -> bool:
        """Whether what counts already is to be entered anew, and may be."""
        if self.present is None or self.cycle is None:
            return False
        return "correct" in self.request.GET and actions.may_be_corrected(self.present, self.cycle)

    @property
    def may_be_unchanged(self) -> bool:
        """Whether "no change" can be said: last time's sum of the year must be of the same year."""
        return (
            self.cycle is not None
            and self.before is not None
            and self.before.cycle_start.year == self.cycle.start.year
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form with last time's figures, or why there is nothing to fill in."""
        if self.cycle is None:
            return self._no_window()
        if not self.cycle.is_open or shanghai_date(timezone.now()) < self.cycle.opens_on:
            return self._closed(self.cycle)
        if self.present and self.present.state == Inspection.State.ACCEPTED and not self.is_correcting:
            return self._accepted(self.present)
        return self._show(self._form())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save what was entered and go on to the next project."""
        if self.cycle is None:
            return self._no_window()
        is_unchanged = "unchanged" in request.POST and self.may_be_unchanged
        form = self._form(self._posted(is_unchanged))
        if not form.is_valid():
            return self._show(form)
        if is_unchanged:
            assert self.before is not None
            findings = unchanged_findings(self.before, self.project, form.cleaned_data["remark"])
        else:
            findings = form.findings()
        return self._submit(form, self.cycle, findings, is_unchanged)

    def _posted(self, is_unchanged: bool) -> Any:
        """What was typed; for "no change" last time's figures stand instead of what is half typed."""
        posted = self.request.POST.copy()
        if is_unchanged and self.before is not None:
            for name in ("cumulative_investment", "ytd_investment", "progress_percent"):
                posted[name] = str(getattr(self.before, name))
            posted["stage"] = self.project.stage
            for name in ("started_on", "completed_on"):
                posted.pop(name, None)
            posted["inclusion_state"] = self.project.inclusion_state
        return posted

    def _submit(
        self, form: InspectionForm, cycle: Cycle, findings: Findings, is_unchanged: bool
    ) -> HttpResponse:
        try:
            inspection = actions.submit_inspection(
                self.project,
                cycle,
                findings,
                by=self.person,
                at=timezone.now(),
                edition=form.cleaned_data["edition"],
                is_unchanged=is_unchanged,
            )
        except actions.Contradicts as wrong:
            form.refuse(wrong.found)
        except actions.NeedsRemark as odd:
            form.ask(odd.questions)
        except actions.LiaisonOnly:
            form.add_error("inclusion_state", _("Only the statistics liaison says this; leave it as it was."))
        except actions.CycleIsClosed:
            return self._closed(cycle)
        except (actions.AlreadyAccepted, actions.EditedMeanwhile):
            return self._meanwhile(form, findings)
        else:
            return self._saved(inspection)
        return self._show(form)

    def _meanwhile(self, form: InspectionForm, findings: Findings) -> HttpResponse:
        """Somebody was faster: it may have been the same hand tapping twice."""
        assert self.cycle is not None
        del self.present
        present = self.present
        if present is None:
            form.add_error(
                None, _("What was entered before is no longer there. Save once more to enter it anew.")
            )
            form.data["edition"] = ""  # type: ignore[index]  # a copy of the request's
            return self._show(form)
        if present.inspector_id == self.person.pk and actions.findings_of(present) == findings:
            return self._saved(present)
        if not actions.may_be_corrected(present, self.cycle):
            return self._accepted(present, findings)
        # Saving again replaces what is shown beside, knowingly.
        form.data["edition"] = str(present.edition)  # type: ignore[index]  # a copy of the request's
        return self._show(form, theirs=present, mine=findings, status=409)

    def _form(self, data: Any = None) -> InspectionForm:
        assert self.cycle is not None
        return InspectionForm(
            data,
            project=self.project,
            cycle=self.cycle,
            present=self.present,
            before=self.before,
            today=shanghai_date(timezone.now()),
            by=self.person,
        )

    def _saved(self, inspection: Inspection) -> HttpResponse:
        assert self.cycle is not None
        words = {"project": self.project.name}
        award = Award.objects.standing().in_cycle(self.cycle.start).filter(project=self.project).first()
        if inspection.state == Inspection.State.ACCEPTED and award is not None:
            words |= {
                "badge": f"{badge_shape(award.badge)} {badge_label(award.badge)}",
                "reason": award.reason,
            }
            text = _("Saved: %(project)s. Badge: %(badge)s. %(reason)s") % words
        else:
            text = _("Saved: %(project)s. It counts once somebody else has accepted it.") % words
        messages.success(self.request, text)
        mine = inspectable_by(self.person).filter(pk__in=awaiting(self.cycle).values("pk"))
        following = worst_badge_first(mine).values_list("pk", flat=True).first()
        if following is None:
            messages.success(self.request, _("Nothing is left to inspect in this half-month."))
            return redirect("office:today")
        address = reverse("office:inspect", kwargs={"pk": following})
        is_current = self.cycle == current_cycle(self.county, shanghai_date(timezone.now()))
        return redirect(address if is_current else f"{address}?cycle={self.cycle.half_month.code}")

    def _show(self, form: InspectionForm, *, status: int = 200, **more: Any) -> HttpResponse:
        if form.errors:
            status = 422
        return self._page({"form": form, "may_be_unchanged": self.may_be_unchanged, **more}, status)

    def _accepted(self, present: Inspection, mine: Findings | None = None) -> HttpResponse:
        assert self.cycle is not None
        may_correct = actions.may_be_corrected(present, self.cycle)
        context = {"accepted": present, "mine": mine, "may_correct": may_correct}
        return self._page(context, 409 if mine else 200)

    def _closed(self, cycle: Cycle) -> HttpResponse:
        closed = Cycle.objects.get(pk=cycle.pk)
        return self._page({"closed": closed}, 200 if self.request.method == "GET" else 409)

    def _no_window(self) -> HttpResponse:
        return self._page({"is_between": True}, 200 if self.request.method == "GET" else 409)

    def _page(self, context: dict[str, Any], status: int) -> HttpResponse:
        today = shanghai_date(timezone.now())
        award = Award.objects.standing().filter(
            project=self.project, cycle_start=self.project.badge_cycle_start or today
        )
        context |= {
            "project": self.project,
            "cycle": self.cycle,
            "present": self.present,
            "before": self.before,
            "award": award.first(),
            "next_window": next_window(self.county, today),
            "was_sent": self.request.method == "POST",
        }
        return self.render_to_response(self.get_context_data(**context), status=status)


class Decide(OfficialOnly, TemplateView):
    """Does what somebody else has submitted count?"""

    needs = "review_inspections"
    template_name = "office/inspect_decide.html"
    is_returning = False

    @cached_property
    def inspection(self) -> Inspection:
        """The inspection, if it lies in the person's division."""
        seen = Inspection.objects.visible_to(self.person)
        wanted = seen.select_related("project__enterprise", "project__county", "inspector")
        found: Inspection = get_object_or_404(wanted, pk=self.kwargs["pk"])
        self.require(found)
        return found

    @cached_property
    def county(self) -> Division:
        """The project's own."""
        return self.inspection.project.county

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The figures beside last time's."""
        project = self.inspection.project
        return {
            **super().get_context_data(**{"form": ReturnForm(), **kwargs}),
            "inspection": self.inspection,
            "project": project,
            "before": previous_inspection(project, HalfMonth.starting(self.inspection.cycle_start)),
            "is_own": not self.person.can("decide_inspection", self.inspection),
            "is_returning": self.is_returning,
            "waits": self.inspection.state == Inspection.State.SUBMITTED,
            "next": self.request.POST.get("next") or self.request.GET.get("next", ""),
        }

    def _go_on(self) -> HttpResponse:
        """Back to where the person came from, today's page unless it was another of ours."""
        wanted = self.request.POST.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(wanted, {self.request.get_host()}, self.request.is_secure())
        # Not redirect(): that would take a word for the name of a page.
        return HttpResponseRedirect(wanted if is_ours else reverse("office:today"))

    def _refused(self, refusal: Exception) -> HttpResponse:
        """Say in plain words why nothing was decided, and by whom it can be."""
        level = messages.ERROR
        if isinstance(refusal, actions.SamePerson):
            text = _("You submitted this inspection yourself: another team lead decides it.")
        elif isinstance(refusal, actions.CycleIsClosed):
            text = _("The half-month is over: nobody could enter it anew, so it can only be accepted.")
        else:
            level, text = messages.INFO, self._decided_already()
        messages.add_message(self.request, level, text)
        return self._go_on()

    def _decided_already(self) -> str:
        decided = Inspection.objects.select_related("reviewer").get(pk=self.inspection.pk)
        words = {"state": decided.get_state_display(), "person": decided.reviewer or "–"}
        return _("Nothing to decide any more. State: %(state)s; decided by %(person)s.") % words


# An edition counts saves: it never gets near this long.
MOST_DIGITS = 10
REFUSALS = (actions.SamePerson, actions.CycleIsClosed, actions.NotSubmitted)


class Accept(Decide):
    """Let a submitted inspection count."""

    @property
    def _seen(self) -> int | None:
        """The edition that the page showed."""
        seen = self.request.POST.get("edition", "")
        return int(seen) if seen.isdecimal() and len(seen) < MOST_DIGITS else None

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Accept it; the badge follows at once."""
        try:
            inspection = actions.accept_inspection(
                self.inspection, by=self.person, at=timezone.now(), edition=self._seen
            )
        except actions.EditedMeanwhile:
            messages.error(request, _("The figures were changed after you had opened them: look once more."))
            return redirect("office:accept_inspection", pk=self.inspection.pk)
        except REFUSALS as refusal:
            return self._refused(refusal)
        award = (
            Award.objects.standing()
            .in_cycle(inspection.cycle_start)
            .filter(project=inspection.project_id)
            .first()
        )
        badge = f"{badge_shape(award.badge)} {badge_label(award.badge)}" if award else badge_label("")
        words = {"project": inspection.project.name, "badge": badge}
        messages.success(request, _("Accepted: %(project)s. Badge: %(badge)s.") % words)
        return self._go_on()


class Return(Decide):
    """Give a submitted inspection back with the reason."""

    is_returning = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return it; the inspector finds it on top of today's page."""
        form = ReturnForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        try:
            actions.return_inspection(
                self.inspection, form.cleaned_data["reason"], by=self.person, at=timezone.now()
            )
        except REFUSALS as refusal:
            return self._refused(refusal)
        messages.success(
            request, _("Returned with the reason: %(project)s.") % {"project": self.inspection.project}
        )
        return self._go_on()

"""What is kept beside an enterprise and a project: figures by year, contacts, stage, planning sheet."""

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.views.generic import FormView

from tracker.inspections.actions import judge_again
from tracker.inspections.consistency import (
    answered_of,
    facts_of,
    in_project,
    in_years,
    left,
)
from tracker.library import stages
from tracker.library.consistency import Finding
from tracker.library.contacts import remove_further_contacts, reveal_further_phone
from tracker.library.keeping import SheetEditedMeanwhile, save_planning_sheet
from tracker.library.models import Division, Enterprise, Project
from tracker.library.records import AnsweredWarning, Contact, EnterpriseYear, PlanningSheet
from tracker.office.access import OfficialOnly
from tracker.office.contradictions import explained_of
from tracker.office.forms.answers import AnswersForm
from tracker.office.forms.contacts import FurtherContactForm, RemoveContactForm
from tracker.office.forms.records import EnterpriseYearForm, PlanningSheetForm, StageForm
from tracker.office.views.enterprises import EnterprisePage, OneEnterprise
from tracker.office.views.projects import KeepsProject


class KeepsEnterprise(OneEnterprise, FormView):
    """A form about one enterprise, for those who answer for it."""

    needs = "change_enterprise"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the enterprise that it is about."""
        return {**super().get_context_data(**kwargs), "enterprise": self.enterprise}

    def done(self, message: str) -> HttpResponse:
        """Say what happened, on the enterprise's page."""
        messages.success(self.request, message)
        return redirect("office:enterprise", pk=self.enterprise.pk)


class EnterpriseYears(KeepsEnterprise):
    """An enterprise's figures by year; `?year=2025` opens those of a year."""

    form_class = EnterpriseYearForm
    template_name = "office/enterprise_years.html"

    @cached_property
    def row(self) -> EnterpriseYear:
        """The figures of the year asked for, or new ones."""
        asked = self.request.GET.get("year", "")
        is_year = asked.isascii() and asked.isdigit() and len(asked) == 4
        known = self.enterprise.years.filter(year=asked).first() if is_year else None
        return known or EnterpriseYear(enterprise=self.enterprise)

    @property
    def _year_to_add(self) -> int:
        """The latest year that is over and that has no figures yet."""
        there = set(self.enterprise.years.values_list("year", flat=True))
        year = timezone.localdate().year - 1
        while year in there:
            year -= 1
        return year

    def get_form_kwargs(self) -> dict[str, Any]:
        """About the year."""
        kwargs = {**super().get_form_kwargs(), "instance": self.row, "by": self.person}
        if self.row._state.adding:
            kwargs["initial"] = {"year": self._year_to_add}
        return {**kwargs, "today": timezone.localdate()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the years so far."""
        return {
            **super().get_context_data(**kwargs),
            "row": None if self.row._state.adding else self.row,
            "years": self.enterprise.years.all(),
        }

    def form_valid(self, form: EnterpriseYearForm) -> HttpResponse:
        """Save the year with what explains it."""
        try:
            with transaction.atomic():
                form.save()
                form.keep_answers(self.enterprise, by=self.person, at=timezone.now())
        except IntegrityError:
            # Somebody else has entered the year since.
            form.add_error("year", gettext("Somebody else has just entered this year: open it in the table."))
            return self.form_invalid(form)
        messages.success(self.request, gettext("Saved."))
        return redirect("office:enterprise_years", pk=self.enterprise.pk)


# --- further contacts ---


class AddFurtherContact(KeepsEnterprise):
    """One more person to call at the enterprise."""

    form_class = FurtherContactForm
    template_name = "office/contact_form.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Of this enterprise."""
        return {
            **super().get_form_kwargs(),
            "instance": Contact(enterprise=self.enterprise),
            "by": self.person,
        }

    def form_valid(self, form: FurtherContactForm) -> HttpResponse:
        """Save, and back to the enterprise."""
        try:
            with transaction.atomic():
                form.save()
        except IntegrityError:
            form.add_error("name", gettext("This contact is kept already."))
            return self.form_invalid(form)
        return self.done(gettext("Saved."))


class OneFurtherContact(OneEnterprise):
    """A page about one further contact of an enterprise that the official sees; another one is 404."""

    @cached_property
    def contact(self) -> Contact:
        """The contact of the address."""
        visible = Contact.objects.visible_to(self.person)
        contact: Contact = get_object_or_404(visible, pk=self.kwargs["pk"])
        return contact

    @cached_property
    def enterprise(self) -> Enterprise:
        """The contact's enterprise."""
        visible = Enterprise.objects.visible_to(self.person).select_related("county", "township", "industry")
        enterprise: Enterprise = get_object_or_404(visible, pk=self.contact.enterprise_id)
        self.require(enterprise)
        return enterprise


class EditFurtherContact(OneFurtherContact, AddFurtherContact):
    """Correct a further contact; the number stays masked unless a new one is typed."""

    def get_form_kwargs(self) -> dict[str, Any]:
        """About this contact."""
        return {**super().get_form_kwargs(), "instance": self.contact}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the contact."""
        return {**super().get_context_data(**kwargs), "contact": self.contact}


class RemoveFurtherContact(OneFurtherContact, KeepsEnterprise):
    """Forget a further contact, for somebody who asked for it."""

    form_class = RemoveContactForm
    template_name = "office/contact_remove.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Nobody else is named in it."""
        return {**super().get_form_kwargs(), "has_responsible": False}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the enterprise and the way back to it."""
        context = super().get_context_data(**kwargs)
        return {
            **context,
            "subject": self.enterprise,
            "back": reverse("office:enterprise", args=[self.enterprise.pk]),
            "contact": self.contact,
        }

    def form_valid(self, form: RemoveContactForm) -> HttpResponse:
        """Remove, and back to the enterprise."""
        remove_further_contacts(
            self.enterprise, by=self.person, why=form.cleaned_data["why"], pk=self.contact.pk
        )
        return self.done(gettext("The contact is removed."))


class RevealFurtherContact(OneFurtherContact, EnterprisePage):
    """The enterprise's page with a further contact's number in plain, for once."""

    needs = "reveal_phone"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A number is asked for each time; whoever comes back to the address sees the page as it is."""
        return redirect("office:enterprise", pk=self.enterprise.pk)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Write down who asked, and show it."""
        self.object = self.enterprise
        revealed = (self.contact.pk, reveal_further_phone(self.contact, by=self.person))
        return self.render_to_response(self.get_context_data(revealed=revealed))


# --- a project's stage and planning sheet ---


class ChangeStage(KeepsProject):
    """Move a project to another stage, with its day and its reason."""

    form_class = StageForm
    template_name = "office/project_stage.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """From where the project is."""
        return {
            **super().get_form_kwargs(),
            "project": self.project,
            "by": self.person,
            "today": timezone.localdate(),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the moves so far."""
        changes = self.project.stage_changes.select_related("by", "merged_into")
        return {**super().get_context_data(**kwargs), "changes": changes}

    def form_valid(self, form: StageForm) -> HttpResponse:
        """Move it, and judge the present badge again."""
        facts = form.cleaned_data
        now = timezone.now()
        try:
            with transaction.atomic():
                stages.change_stage(
                    self.project,
                    facts["to_stage"],
                    facts["on"],
                    facts["reason"],
                    by=self.person,
                    at=now,
                    today=timezone.localdate(now),
                    merged_into=facts["into"],
                )
                judge_again(self.project, at=now)
        except stages.BeforeItsStart:
            form.add_error("on", gettext("A project cannot be completed before it started."))
        except stages.StageBefore as before:
            said = gettext("The last move was on %(day)s: a later one cannot lie before it.")
            form.add_error("on", said % {"day": date_format(before.args[0], "DATE_FORMAT")})
        except (stages.NotAllowed, stages.NeedsTarget):
            form.add_error(
                None, gettext("Somebody has moved the project meanwhile. Look at its stage and choose again.")
            )
        else:
            return self.done(gettext("The stage is changed."))
        return self.form_invalid(form)


class EditPlanningSheet(KeepsProject):
    """What a project is planned around."""

    form_class = PlanningSheetForm
    template_name = "office/planning_sheet.html"

    @cached_property
    def sheet(self) -> PlanningSheet | None:
        """The sheet, where there is one."""
        return PlanningSheet.objects.filter(project=self.project).select_related("updated_by").first()

    def get_form_kwargs(self) -> dict[str, Any]:
        """Of this project."""
        return {**super().get_form_kwargs(), "sheet": self.sheet, "by": self.person}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With who wrote last."""
        return {**super().get_context_data(**kwargs), "sheet": self.sheet}

    def form_valid(self, form: PlanningSheetForm) -> HttpResponse:
        """Save, unless somebody else has meanwhile: then both are shown."""
        facts = dict(form.cleaned_data)
        try:
            save_planning_sheet(
                self.project, facts, edition=facts["edition"], by=self.person, at=timezone.now()
            )
        except SheetEditedMeanwhile as conflict:
            form.show_theirs(conflict.args[0])
            context = self.get_context_data(form=form, conflict=conflict.args[0])
            return self.render_to_response(context, status=409)
        return self.done(gettext("The planning sheet is saved."))


# --- warnings ---


class AnswersWarnings(OfficialOnly, FormView):
    """What is odd in a record and not explained yet; any of it may be explained here."""

    form_class = AnswersForm
    template_name = "office/warnings.html"
    page: str

    @property
    def subject(self) -> Project | Enterprise:
        """The record that it is about."""
        raise NotImplementedError

    @cached_property
    def found(self) -> list[Finding]:
        """What contradicts in it and is neither mended nor explained."""
        raise NotImplementedError

    def get_form_kwargs(self) -> dict[str, Any]:
        """About what is open."""
        return {**super().get_form_kwargs(), "findings": self.found}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With what has been explained, and the way back."""
        return {
            **super().get_context_data(**kwargs),
            "subject": self.subject,
            "back": self.page,
            "errors": [finding for finding in self.found if finding.is_error],
            "explained": explained_of(self._explained()),
        }

    def _explained(self) -> Any:
        if isinstance(self.subject, Project):
            rows = AnsweredWarning.objects.filter(project=self.subject)
        else:
            rows = AnsweredWarning.objects.filter(enterprise=self.subject, project=None)
        return rows.select_related("by")

    def form_valid(self, form: AnswersForm) -> HttpResponse:
        """Write the sentences down."""
        with transaction.atomic():
            form.keep_answers(self.subject, by=self.person, at=timezone.now())
        messages.success(self.request, gettext("Thank you, that is written down."))
        return redirect(self.page, pk=self.subject.pk)


class ProjectWarnings(KeepsProject, AnswersWarnings):
    """What is odd in a project."""

    form_class = AnswersForm
    template_name = "office/warnings.html"
    page = "office:project"

    @property
    def subject(self) -> Project:
        """The project of the address."""
        return self.project

    @cached_property
    def found(self) -> list[Finding]:
        """What contradicts in the project."""
        facts = facts_of([self.project], timezone.localdate())[self.project.pk]
        return left(in_project(facts), answered_of(self.project))


class EnterpriseWarnings(KeepsEnterprise, AnswersWarnings):
    """What is odd in an enterprise's figures."""

    form_class = AnswersForm
    template_name = "office/warnings.html"
    page = "office:enterprise"

    @property
    def subject(self) -> Enterprise:
        """The enterprise of the address."""
        return self.enterprise

    @cached_property
    def county(self) -> Division:
        """The enterprise's county."""
        return self.enterprise.county

    @cached_property
    def found(self) -> list[Finding]:
        """What contradicts in the enterprise's years."""
        return left(in_years(self.enterprise.years.all(), timezone.localdate()), answered_of(self.enterprise))

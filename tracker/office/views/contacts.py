"""Whom to call: a number that is asked for, and a contact that is to be forgotten."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.generic import FormView

from tracker.exchange.effects import forget_contact
from tracker.library.contacts import CONTACT_FIELDS, remove_contact, reveal_phone
from tracker.library.models import Enterprise, Project
from tracker.office.access import OfficialOnly
from tracker.office.forms.contacts import RemoveContactForm
from tracker.office.views.enterprises import EnterprisePage, OneEnterprise
from tracker.office.views.projects import OneProject, ProjectPage


class RevealProjectPhone(ProjectPage):
    """The project's page with the contact's number in plain, for once."""

    needs = "reveal_phone"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A number is asked for each time; whoever comes back to the address sees the page as it is."""
        return redirect("office:project", pk=self.project.pk)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Write down who asked, and show it."""
        self.object = self.project
        return self.render_to_response(
            self.get_context_data(phone=reveal_phone(self.project, by=self.person))
        )


class RevealEnterprisePhone(EnterprisePage):
    """The enterprise's page with the contact's number in plain, for once."""

    needs = "reveal_phone"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A number is asked for each time; whoever comes back to the address sees the page as it is."""
        return redirect("office:enterprise", pk=self.enterprise.pk)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Write down who asked, and show it."""
        self.object = self.enterprise
        return self.render_to_response(
            self.get_context_data(phone=reveal_phone(self.enterprise, by=self.person))
        )


class RemovesContact(OfficialOnly, FormView):
    """Take the contact out of a record, for somebody who asked for it."""

    form_class = RemoveContactForm
    template_name = "office/contact_remove.html"
    page: ClassVar[str]

    @property
    def subject(self) -> Enterprise | Project:
        """The record that it is about."""
        raise NotImplementedError

    def get_form_kwargs(self) -> dict[str, Any]:
        """Whether a responsible person is named, too."""
        has_responsible = bool(getattr(self.subject, "responsible_name", ""))
        return {**super().get_form_kwargs(), "has_responsible": has_responsible}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the record and the way back to it."""
        back = reverse(self.page, args=[self.subject.pk])
        return {**super().get_context_data(**kwargs), "subject": self.subject, "back": back}

    def form_valid(self, form: RemoveContactForm) -> HttpResponse:
        """Remove, and back to the record."""
        facts = form.cleaned_data
        emptied = remove_contact(
            self.subject,
            by=self.person,
            why=facts["why"],
            with_responsible=facts.get("with_responsible", False),
        )
        forget_contact(self.subject, (*CONTACT_FIELDS, *emptied))
        told = gettext("The contact is removed.") if emptied else gettext("No contact was kept here.")
        messages.success(self.request, told)
        return redirect(self.page, pk=self.subject.pk)


class RemoveProjectContact(OneProject, RemovesContact):
    """Take the contact out of a project."""

    needs = "change_project"
    page = "office:project"

    @property
    def subject(self) -> Project:
        """The project of the address."""
        return self.project


class RemoveEnterpriseContact(OneEnterprise, RemovesContact):
    """Take the contact out of an enterprise."""

    needs = "change_enterprise"
    page = "office:enterprise"

    @property
    def subject(self) -> Enterprise:
        """The enterprise of the address."""
        return self.enterprise

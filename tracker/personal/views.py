"""The page on which people see, correct and take with them what is kept about them."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.generic import FormView

from tracker.accounts.access import SignedIn
from tracker.accounts.models import User
from tracker.accounts.views import frame_of, remember_language
from tracker.audit.actions import record
from tracker.audit.models import AuditEntry
from tracker.personal.actions import ask_for_removal, correct, take_back_request
from tracker.personal.forms import MyDataForm
from tracker.personal.queries import everything_about, security_administrators_for


class MyData(SignedIn, FormView):
    """What is kept about the reader, in words, and what they may do about it."""

    needs = "be_here"
    form_class = MyDataForm
    template_name = "account/my_data.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """About a copy: the page goes on showing who the reader is while the form is wrong."""
        return {**super().get_form_kwargs(), "instance": User.objects.get(pk=self.person.pk)}

    def form_valid(self, form: MyDataForm) -> HttpResponse:
        """Write it, and say so in the language that was chosen."""
        facts = form.cleaned_data
        changed = correct(self.person, name=facts["name"], language=facts["language"])
        with translation.override(facts["language"]):
            messages.success(
                self.request, gettext("Saved.") if changed else gettext("Nothing was different.")
            )
        response = redirect("my_data")
        remember_language(response, facts["language"])
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Counts of what is kept; the file has it all."""
        everything = everything_about(self.person)
        return {
            **super().get_context_data(**kwargs),
            **frame_of(self.person),
            "numbers": {kind: len(rows) for kind, rows in everything.items() if isinstance(rows, list)},
            "kept": settings.RETENTION_DAYS,
            "administrators": security_administrators_for(self.person),
        }


class MyDataFile(SignedIn):
    """Everything that is kept about the reader, as one file."""

    needs = "be_here"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The file is asked for by a button."""
        return redirect("my_data")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Write down that it was given out, and give it out."""
        record(AuditEntry.Act.EXPORTED, self.person, after={"what": "my data"}, actor=self.person)
        response = JsonResponse(
            everything_about(self.person), json_dumps_params={"ensure_ascii": False, "indent": 2}
        )
        day = timezone.localdate().isoformat()
        response["Content-Disposition"] = f'attachment; filename="my-data-{self.person.pk}-{day}.json"'
        return response


class AskForRemoval(SignedIn):
    """Ask that one's data be removed, or take that back."""

    needs = "be_here"

    def get(self, request: HttpRequest) -> HttpResponse:
        """It is asked for by a button."""
        return redirect("my_data")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask once, however often the button is pressed; `take_back` ends the request."""
        if "take_back" in request.POST:
            if take_back_request(self.person):
                messages.success(request, gettext("Your request is taken back."))
        elif ask_for_removal(self.person, at=timezone.now()):
            messages.success(request, gettext("Your request has been sent to the security administrators."))
        else:
            messages.info(request, gettext("You have asked for it already."))
        return redirect("my_data")

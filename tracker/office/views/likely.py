"""What somebody who adds a record, or opens a merged one, is told of the one that is there already."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from tracker.library.models import Enterprise, Project
from tracker.merging.queries import enterprises_like, projects_like


class AsksBeforeDoubling:
    """A form that adds a record: names alike are shown first, and saved once they were looked at."""

    def asked_first(self: Any, form: Any) -> HttpResponse | None:
        """The form again with what is there already; none once it was seen, or where nothing is alike."""
        likely = self._likely(form.instance)
        seen = set(self.request.POST.getlist("not_the_same"))
        if all(str(row.pk) in seen for row in likely):
            return None
        return self.render_to_response(self.get_context_data(form=form, likely=likely), status=422)

    def form_invalid(self: Any, form: Any) -> HttpResponse:
        """Whose the code is that somebody else has, as far as the person may see it."""
        code = getattr(form.instance, "credit_code", None)
        if not (form.has_error("credit_code", "unique") and code):
            return super().form_invalid(form)  # type: ignore[misc]  # mixed into form views
        owner = Enterprise.objects.visible_to(self.person).filter(credit_code=code).first()
        return self.render_to_response(self.get_context_data(form=form, owner=owner))

    def _likely(self: Any, record: Any) -> list[Any]:
        if isinstance(record, Project):
            return projects_like(record.name, record.enterprise)
        return enterprises_like(record.name, self.county)


def led_on(request: Any, record: Enterprise | Project) -> HttpResponse | None:
    """The way from a merged record to the one that it was merged into; none for any other."""
    if record.merged_into is None:
        return None
    messages.info(request, _("“%(name)s” was merged into this record.") % {"name": record.name})
    return redirect(
        "office:project" if isinstance(record, Project) else "office:enterprise", pk=record.merged_into_id
    )

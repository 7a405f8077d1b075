"""The auditors' page: who did what, when, to which record, and why; and all of it as a file."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponseBadRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, override
from django.views.generic import TemplateView

from tracker.accounts.models import User
from tracker.audit.actions import record
from tracker.audit.models import AuditEntry, AuditEntryQuerySet
from tracker.calendars.periods import shanghai_date
from tracker.office.access import OfficialOnly
from tracker.office.forms.audit import TrailFilter
from tracker.office.trail import Line, tell
from tracker.spreadsheets.writing import CSV, Head, attachment, csv_lines

ENTRIES_A_PAGE = 50
WRITTEN_AT_ONCE = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Trail(OfficialOnly):
    """What an auditor sees of the trail: their own division's and all below it."""

    needs = "read_trail"

    @cached_property
    def filter(self) -> TrailFilter:
        """What the address asks for."""
        return TrailFilter(self.request.GET, reader=self.person)

    @property
    def entries(self) -> AuditEntryQuerySet:
        """What is left of it, newest first."""
        seen: AuditEntryQuerySet = AuditEntry.objects.visible_to(self.person)
        return self.filter.narrowed(seen).select_related("actor").order_by("-at", "-pk")


class AuditTrail(Trail, TemplateView):
    """Who did what?"""

    template_name = "office/audit.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """One page of it; the next begins after the last entry, so that a million cost what fifty cost."""
        found = list(self._after(self.request.GET.get("after", ""))[: ENTRIES_A_PAGE + 1])
        listed, is_more = found[:ENTRIES_A_PAGE], len(found) > ENTRIES_A_PAGE
        asked = self.filter.asked if self.filter.is_valid() else {}
        return {
            **super().get_context_data(**kwargs),
            "reach": self.person.division,
            "form": self.filter,
            "lines": tell(listed, self.person),
            "older": _mark(listed[-1]) if is_more else "",
            "is_first": "after" not in self.request.GET,
            "asked": asked,
            # What comes from a link in the trail is shown as a sign of its own.
            "opens_filters": bool(self.filter.errors) or bool(asked.keys() - {"person", "request"}),
            "of_person": User.objects.visible_to(self.person).filter(pk=asked["person"]).first()
            if "person" in asked
            else None,
        }

    def _after(self, mark: str) -> AuditEntryQuerySet:
        at, _dash, number = mark.partition("-")
        if not (at.isdecimal() and number.isdecimal() and len(at) <= 16 and len(number) <= 18):
            return self.entries
        moment = EPOCH + timedelta(microseconds=int(at))
        return self.entries.filter(Q(at__lt=moment) | Q(pk__lt=int(number)), at__lte=moment)


def _mark(entry: AuditEntry) -> str:
    """Where an entry stands in the trail's order."""
    return f"{(entry.at - EPOCH) // timedelta(microseconds=1)}-{entry.pk}"


class AuditExport(Trail):
    """All that the filters leave, as a file; that somebody has taken it out is written down too."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Written while it is read, however long it is."""
        if not self.filter.is_valid():
            return HttpResponseBadRequest(gettext("These filters cannot be."))
        record(AuditEntry.Act.EXPORTED, self.person.division, after={"filters": self.filter.asked})
        lines = _csv(self.entries, self.person, get_language() or "")
        name = f"audit-{shanghai_date(timezone.now()):%Y%m%d}.csv"
        return StreamingHttpResponse(
            lines,
            content_type=CSV,
            headers=attachment(name, name),
        )


def _csv(entries: AuditEntryQuerySet, reader: User, language: str) -> Iterator[str]:
    with override(language):
        heads = [
            *(gettext("No."), gettext("when"), gettext("who"), gettext("what was done")),
            *(gettext("kind of record"), gettext("number of the record"), gettext("record")),
            *(gettext("before and after"), gettext("why"), gettext("request"), gettext("digest")),
        ]
    return csv_lines([Head(title) for title in heads], _rows(entries, reader, language))


def _rows(entries: AuditEntryQuerySet, reader: User, language: str) -> Iterator[list[str]]:
    read = entries.iterator(chunk_size=WRITTEN_AT_ONCE)
    while chunk := list(islice(read, WRITTEN_AT_ONCE)):
        # The language is set for each stretch: between two of them other work is done by the same thread.
        with override(language):
            rows = [_cells(line) for line in tell(chunk, reader)]
        yield from rows


def _cells(line: Line) -> list[str]:
    entry = line.entry
    return [
        *(str(entry.pk), f"{localtime(entry.at):%Y-%m-%d %H:%M:%S}", line.who, entry.get_act_display()),
        *(line.kind, entry.row, line.record),
        "\n".join(f"{change.label}: {change.before} → {change.after}" for change in line.changes),
        *(entry.why, entry.request_id, entry.digest),
    ]

"""A county with one of everything in it, and how those who attack it ask."""

import json
from contextlib import suppress
from datetime import date
from typing import Any

from django.core import serializers
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from tests.accounts.test_matrix import PAGES as PAGES_OF_ROLES
from tests.accounts.test_matrix import REFUSED
from tests.accounts.test_who_opens_what import pages
from tests.exchange import workbooks
from tests.factories import (
    make_county,
    make_cycle,
    make_enterprise,
    make_inspection,
    make_official,
    make_project,
    moment,
)
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.badges.models import Award
from tracker.calendars.periods import HalfMonth, Month
from tracker.exchange.actions import hand_in
from tracker.exchange.models import ImportBatch
from tracker.inspections.actions import close_cycle
from tracker.inspections.models import Cycle, Inspection
from tracker.library.models import AnnualPlan, Enterprise, Project
from tracker.summaries.actions import freeze_month
from tracker.summaries.models import MonthlySummary

# The window of the second half of October 2026 is open.
TODAY = date(2026, 11, 2)
NOW = moment(TODAY)
ELSEWHERE = "371525"
SECRET = "外县机密"
KEPT = (Enterprise, Project, AnnualPlan, Cycle, Inspection, Award, ImportBatch, User, MonthlySummary)
PAGES = list(pages(get_resolver()))


def browser_of(person: User, **options: Any) -> Client:
    """Somebody signed in; a fault shows as the 500 that they would get."""
    browser = Client(raise_request_exception=False, **options)
    browser.force_login(person)
    return browser


def allowed(name: str) -> Role:
    """A role that opens the page; the team lead's where there are several."""
    opens = [role for role, may in PAGES_OF_ROLES[name].items() if may != REFUSED]
    return Role.TEAM_LEAD if Role.TEAM_LEAD in opens else opens[0]


def everything() -> list[dict[str, Any]]:
    """All rows that matter, as they are now; when somebody last signed in does not."""
    rows = json.loads(
        serializers.serialize("json", [row for model in KEPT for row in model.objects.order_by("pk")])
    )
    for row in rows:
        row["fields"].pop("last_login", None)
        # Asking for the removal of one's own data takes no more than the click.
        row["fields"].pop("removal_asked_at", None)
    return rows


def addresses(**ids: Any) -> list[tuple[str, str, Any]]:
    """Each page of a signed-in person, with these ids where it takes one."""
    named = {"cycle": HalfMonth(2026, 10, 2), "month": Month(2026, 10)}
    takes = [{}, *({"pk": pk} for pk in sorted(set(ids.values()))), *({one: named[one]} for one in named)]
    found = []
    for name, _address, view in PAGES:
        for kwargs in takes:
            with suppress(NoReverseMatch):
                found.append((name, reverse(name, kwargs=kwargs), view))
    return found


class World:
    """A county with one of everything in it."""

    def __init__(self, code: str = "371423", **names: Any) -> None:
        self.county = make_county(code)
        who = names.get("person", "官员甲")
        self.lead = make_official(Role.TEAM_LEAD, self.county, name=who, language="en")
        self.enterprise = make_enterprise(
            self.county, name=names.get("enterprise", SECRET), contact_name=names.get("person", SECRET)
        )
        self.project = make_project(
            self.enterprise,
            name=names.get("project", SECRET),
            problem=names.get("problem", SECRET),
            responsible_name=names.get("person", SECRET),
            contact_name=names.get("person", SECRET),
            inspector=self.lead,
        )
        earlier = make_cycle(self.county, "2026-10-H1")
        make_inspection(self.project, earlier, by=self.lead, remark=names.get("remark", SECRET))
        close_cycle(earlier, by=None, at=moment(date(2026, 10, 30)))
        self.cycle = make_cycle(self.county)
        self.inspection = make_inspection(
            self.project, self.cycle, by=self.lead, remark=names.get("remark", SECRET)
        )
        self.batch = hand_in(
            self.county,
            names.get("filename", f"{SECRET}.xlsx"),
            workbooks.table(workbooks.row(1, enterprise=names.get("enterprise", SECRET))),
            chosen=None,
            by=self.lead,
            at=NOW,
        )
        # The first half of the month alone, so that there is a summary to look at.
        self.summary = freeze_month(self.county, Month(2026, 10), NOW)

    @property
    def ids(self) -> dict[str, int]:
        return {
            "project": self.project.pk,
            "enterprise": self.enterprise.pk,
            "inspection": self.inspection.pk,
            "batch": self.batch.pk,
        }

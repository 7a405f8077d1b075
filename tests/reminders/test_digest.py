"""What a reminder says: what is left, until when, and where to do it."""

import re
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.core import mail

from tests.factories import make_cycle, make_enterprise, make_official, make_project, moment
from tests.reminders.conftest import AFTER_DUE, BEFORE_DUE, DUE, LONG_AFTER_DUE, OPENS, give, inspect, ring
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.inspections.models import Cycle
from tracker.library.models import Project
from tracker.mailing.models import Message
from tracker.reminders.queries import NAMED


def english(role: str = Role.INSPECTOR) -> User:
    return make_official(role, language="en")


def mail_to(person: User, day: date) -> Message:
    """The day's mail to the person, as it went out."""
    ring(moment(day))
    message = Message.objects.get(recipient=person)
    assert message.subject in [sent.subject for sent in mail.outbox if sent.to == [person.email]]
    return message


@pytest.mark.parametrize(
    ("day", "subject", "sentence"),
    [
        (
            OPENS,
            "Second half of October 2026: 2 projects to inspect by 4 November",
            "2 of 3 to inspect, due on 4 November 2026 (working days left: 3).",
        ),
        (
            BEFORE_DUE,
            "Second half of October 2026: 2 projects to inspect by 4 November",
            "2 of 3 to inspect, due on 4 November 2026 (working days left: 1).",
        ),
        (
            DUE,
            "Second half of October 2026: 2 projects to inspect by 4 November",
            "2 of 3 to inspect, due today.",
        ),
        (
            LONG_AFTER_DUE,
            "Second half of October 2026: 2 projects to inspect, overdue",
            "2 of 3 to inspect; was due on 4 November 2026, overdue by 3 working days.",
        ),
    ],
)
def test_an_inspector_reads_how_many_are_left_and_until_when(
    cycle: Cycle, day: date, subject: str, sentence: str
):
    li = english()
    done, *_ = give(li, 3)
    inspect(done, cycle, li)
    message = mail_to(li, day)
    assert message.subject == subject
    assert sentence in message.text
    assert sentence in re.sub(r"\s+", " ", message.html)
    assert done.name not in message.text


def test_the_worst_badge_comes_first_as_word_and_shape(cycle: Cycle):
    li = english()
    for badge in ("blue", "red", "gold", "yellow"):
        (project,) = give(li, name=f"Project {badge}")
        Project.objects.filter(pk=project.pk).update(badge=badge)
    message = mail_to(li, OPENS)
    assert re.findall(r"- (\S) (\w+) · .* · Project (\w+)", message.text) == [
        ("■", "Red", "red"),
        ("▲", "Yellow", "yellow"),
        ("●", "Blue", "blue"),
        ("★", "Gold", "gold"),
    ]
    assert re.search(r'<span class="badge badge--red" style="[^"]*color: #9b1c1c', message.html)


def test_twenty_projects_are_named_and_the_others_counted(cycle: Cycle):
    li = english()
    give(li, NAMED + 2)
    message = mail_to(li, OPENS)
    assert message.text.count("/office/inspect/") == NAMED
    assert "and 2 more" in message.text
    assert "and 2 more" in message.html


def test_every_project_has_an_address_that_leads_to_its_form(cycle: Cycle):
    li = english()
    (project,) = give(li)
    message = mail_to(li, OPENS)
    address = f"{settings.SITE_URL}/office/inspect/{project.pk}/?cycle=2026-10-H2"
    assert address in message.text
    assert f'href="{address}"' in message.html


def test_a_lead_reads_with_whom_it_lies_in_the_order_of_names_not_of_figures(cycle: Cycle):
    lead, an, bai = english(Role.TEAM_LEAD), make_official(name="An"), make_official(name="Bai")
    (done,) = give(an)
    give(an, 1)
    give(bai, 3)
    make_project()
    inspect(done, cycle, an)
    message = mail_to(lead, LONG_AFTER_DUE)
    assert "5 of 6 to inspect" in message.text
    assert re.findall(r"^- (.+): (\d) of (\d) left$", message.text, re.MULTILINE) == [
        ("An", "1", "2"),
        ("Bai", "3", "3"),
        ("no inspector named", "1", "1"),
    ]
    assert "/office/cycle/2026-10-H2/" in message.text


def test_who_has_done_all_is_not_named_to_the_lead(cycle: Cycle):
    lead, done = english(Role.TEAM_LEAD), make_official(name="Done")
    (project,) = give(done)
    give(make_official(name="Busy"))
    inspect(project, cycle, done)
    assert "Done" not in mail_to(lead, LONG_AFTER_DUE).text


def test_a_liaison_reads_what_is_missing_and_what_awaits_inclusion(cycle: Cycle):
    liaison = english(Role.STATISTICS_LIAISON)
    waits = {"inclusion_state": "preparing", "included_on": None}
    make_project(name="Long", started_on=AFTER_DUE - timedelta(days=90), **waits)
    make_project(name="Just over", started_on=AFTER_DUE - timedelta(days=31), **waits)
    make_project(name="In time", started_on=AFTER_DUE - timedelta(days=30), **waits)
    make_project(name="Included")
    make_project(name="Small", planned_total=499, **waits)
    make_project(name="Not started", stage="filed", started_on=None, **waits)
    message = mail_to(liaison, AFTER_DUE)
    assert "6 of 6 to inspect; was due on 4 November 2026, overdue by 1 working day." in message.text
    assert re.findall(r"· (.+): started (\d+) days ago, Preparing papers", message.text) == [
        ("Long", "90"),
        ("Just over", "31"),
    ]
    assert "2 projects under way and not yet included in statistics" in message.text


def test_a_liaison_whose_cycle_is_complete_still_hears_of_inclusion(cycle: Cycle):
    liaison = english(Role.STATISTICS_LIAISON)
    project = make_project(inclusion_state="submitted", included_on=None, started_on=date(2026, 6, 1))
    inspect(project, cycle, make_official())
    message = mail_to(liaison, AFTER_DUE)
    assert message.subject == "Projects awaiting inclusion in statistics"
    assert "to inspect" not in message.text


def test_a_liaison_with_nothing_to_do_hears_nothing(cycle: Cycle):
    make_official(Role.STATISTICS_LIAISON)
    inspect(make_project(), cycle, make_official())
    assert ring(moment(AFTER_DUE)) == 0


def test_a_mail_says_why_it_comes(cycle: Cycle):
    li = english()
    give(li)
    message = mail_to(li, OPENS)
    assert "You get this mail as Inspector" in message.text
    assert "You get this mail as Inspector" in message.html


def test_what_people_typed_stays_text_in_the_page(cycle: Cycle):
    li = english()
    give(li, enterprise=make_enterprise(name="<img src=x onerror=alert(1)>"))
    message = mail_to(li, OPENS)
    assert "<img" not in message.html
    assert "<img src=x" in message.text


def test_a_mail_needs_nothing_that_common_mail_programs_lack(cycle: Cycle):
    li = english()
    give(li, 3)
    html = mail_to(li, OPENS).html
    for what in ("<style", "<link", "<script", "<img", "<svg", "flex", "grid", "position:", "var(", "@media"):
        assert what not in html
    exotic = {"max-width", "border-radius", "box-shadow", "background-image"}
    assert {word for word in exotic if word in html} <= {"max-width"}


def test_working_days_follow_the_national_calendar(db: None):
    """Cut off on the eve of National Day: due on the worked Saturday after the holiday week."""
    cycle = make_cycle(code="2026-09-H2")
    assert cycle.due_on == date(2026, 10, 10)
    li = english()
    give(li)
    assert "(working days left: 3)" in mail_to(li, date(2026, 10, 2)).text

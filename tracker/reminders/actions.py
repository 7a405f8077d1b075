"""Reminders are written down when their day comes, gathered into one mail a day, and dropped when done."""

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from tracker.accounts import roles
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.calendars.periods import shanghai_date
from tracker.calendars.queries import working_days_of
from tracker.inspections.models import Cycle
from tracker.mailing.actions import compose, in_nobodys_hands, withdraw
from tracker.mailing.models import Message
from tracker.reminders.models import Reminder
from tracker.reminders.queries import (
    CountyWork,
    Deadline,
    InclusionWork,
    Outstanding,
    OwnWork,
    county_work,
    inclusion_work,
    own_work,
)
from tracker.reminders.rules import Window, is_quiet, what_is_due

logger = logging.getLogger(__name__)

MAIL_KIND = "reminder"


@dataclass(frozen=True)
class Reminded:
    """What one round of reminding did."""

    recorded: int
    withdrawn: int
    composed: list[Message]


def remind(now: datetime) -> Reminded:
    """One round: write down what has fallen due, take back what no longer holds, write the day's mails."""
    return Reminded(recorded=record_due(now), withdrawn=withdraw_done(now), composed=compose_digests(now))


def record_due(now: datetime) -> int:
    """Write down each reminder whose day has come for those who have something to do; how many were new."""
    outstanding = Outstanding(shanghai_date(now))
    return sum(_record_cycle(cycle, outstanding, now) for cycle in outstanding.cycles.values())


def _record_cycle(cycle: Cycle, outstanding: Outstanding, now: datetime) -> int:
    window = Window(cycle.opens_on, cycle.due_on, cycle.closes_on)
    rows: dict[tuple[int, str], Reminder] = {}
    for due in what_is_due(window, outstanding.today, working_days_of(cycle.county_id)):
        for person_id in outstanding.people(cycle, due.audience):
            row = rows.setdefault(
                (person_id, due.kind),
                Reminder(
                    recipient_id=person_id,
                    county_id=cycle.county_id,
                    cycle_start=cycle.start,
                    kind=due.kind,
                    due_on=due.falls_on,
                    recorded_at=now,
                    settled_at=now,
                ),
            )
            if due.still_matters:
                row.settled_at = None
    of_cycle = Reminder.objects.filter(county=cycle.county_id, cycle_start=cycle.start)
    known = set(of_cycle.values_list("recipient_id", "kind"))
    new = [row for key, row in rows.items() if key not in known]
    # Another worker may write the same rows at this moment: the constraint lets each exist once.
    Reminder.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def withdraw_done(now: datetime) -> int:
    """Take back mails not yet sent whose work is done, whose day is over, or that night has caught up with.

    A mail held up since yesterday, because the mail server was away, would count the days wrong: its
    reminders wait again, for today's mail. How many mails were taken back.
    """
    outstanding = Outstanding(shanghai_date(now))
    held_up = in_nobodys_hands(now).filter(kind=MAIL_KIND).prefetch_related("reminders")
    return sum(_take_back_if_done(message, outstanding, now) for message in held_up)


def _take_back_if_done(message: Message, outstanding: Outstanding, now: datetime) -> bool:
    open_still = [
        reminder.pk
        for reminder in message.reminders.all()
        if outstanding.concerns(
            reminder.recipient_id, reminder.county_id, reminder.cycle_start, reminder.kind
        )
    ]
    is_todays = message.key == _key(message.recipient_id, outstanding.today) and not is_quiet(now)
    if open_still and is_todays:
        return False
    with transaction.atomic():
        is_taken_back = withdraw(message, now)
        if is_taken_back:
            Reminder.objects.filter(pk__in=open_still).update(message=None)
    return is_taken_back


def compose_digests(now: datetime) -> list[Message]:
    """Write one mail to each person whom something waiting concerns; by day only, and at most one a day."""
    if is_quiet(now):
        return []
    outstanding = Outstanding(shanghai_date(now))
    waiting: dict[int, list[int]] = defaultdict(list)
    for person_id, pk in Reminder.objects.waiting().order_by("pk").values_list("recipient_id", "pk"):
        waiting[person_id].append(pk)
    composed = []
    for person_id, reminder_ids in waiting.items():
        try:
            message = _compose_digest(person_id, reminder_ids, outstanding, now)
        except Exception:  # one person's odd data must not keep the others from being reminded
            logger.exception("no reminder could be written to person %s", person_id)
        else:
            composed += [message] if message else []
    return composed


@transaction.atomic
def _compose_digest(
    person_id: int, reminder_ids: list[int], outstanding: Outstanding, now: datetime
) -> Message | None:
    """Gather what waits for the person into the day's mail; None when there is nothing to say today."""
    # Two workers take turns here; the second finds nothing waiting.
    waiting = Reminder.objects.select_for_update().waiting().filter(pk__in=reminder_ids)
    reminders = list(waiting)
    person = User.objects.select_related("division").get(pk=person_id)
    digest = digest_of(person, reminders, outstanding) if person.is_active else None
    if digest is None or digest.is_empty:
        Reminder.objects.filter(pk__in=[reminder.pk for reminder in reminders]).update(settled_at=now)
        return None
    key = _key(person_id, outstanding.today)
    if Message.objects.filter(key=key).exists():
        return None
    context = {"digest": digest, "today": outstanding.today}
    message = compose(key, MAIL_KIND, person, "reminder", context, not_before=now)
    Reminder.objects.filter(pk__in=[reminder.pk for reminder in reminders]).update(message=message)
    return message


def _key(person_id: int, today: date) -> str:
    """What makes a person's mail of the day exist once."""
    return f"reminder/{person_id}/{today.isoformat()}"


@dataclass(frozen=True)
class Digest:
    """What one person is told today: everything that waits for them, once."""

    own: list[OwnWork]
    counties: list[CountyWork]
    inclusion: list[InclusionWork]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.own or self.counties or self.inclusion)

    @property
    def deadlines(self) -> list[Deadline]:
        """The half-months that it is about: as far as they are the person's own, else the county's."""
        return [work.deadline for work in self.own] or [work.deadline for work in self.counties]

    @property
    def single(self) -> Deadline | None:
        """The half-month, when it is about one only."""
        return self.deadlines[0] if len(self.deadlines) == 1 else None

    @property
    def left(self) -> int:
        """How many inspections are left."""
        return sum(deadline.left for deadline in self.deadlines)


def digest_of(person: User, reminders: list[Reminder], outstanding: Outstanding) -> Digest:
    """What the person has to do today in the half-months that these reminders are about."""
    today = outstanding.today
    concerned = {
        (reminder.county_id, reminder.cycle_start)
        for reminder in reminders
        if outstanding.concerns(person.pk, reminder.county_id, reminder.cycle_start, reminder.kind)
    }
    cycles = [cycle for key, cycle in sorted(outstanding.cycles.items()) if key in concerned]
    own = [own_work(person, cycle, today) for cycle in cycles] if person.may(roles.INSPECTING) else []
    sees_county = person.role in {Role.TEAM_LEAD, Role.STATISTICS_LIAISON}
    counties = [county_work(cycle, today) for cycle in cycles] if sees_county else []
    is_liaison = person.role == Role.STATISTICS_LIAISON
    their_counties = {cycle.county_id: cycle.county for cycle in cycles} if is_liaison else {}
    inclusion = [inclusion_work(county, today) for county in their_counties.values()]
    return Digest(
        [work for work in own if work],
        [work for work in counties if work],
        [work for work in inclusion if work],
    )

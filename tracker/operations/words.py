"""What is said of each part: its name, the figure, and what to do if it is not well."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext, pgettext_lazy

from tracker.operations.rules import Finding, Part, State

NAMES = {
    Part.DATABASE: gettext_lazy("Database"),
    Part.BEAT: gettext_lazy("Beat, the clock of the jobs"),
    Part.WORKER: gettext_lazy("Worker (does what is due)"),
    Part.QUEUE: gettext_lazy("Queue (Redis)"),
    Part.MAIL: gettext_lazy("Mails waiting"),
    Part.PARKED: gettext_lazy("Mails given up"),
    Part.BACKUP: gettext_lazy("Backup"),
    Part.DISK: gettext_lazy("Room on the disk"),
    Part.CALENDAR: gettext_lazy("Work calendar"),
    Part.CLOCK: gettext_lazy("Clock"),
}
STATES = {
    State.WELL: pgettext_lazy("health", "Well"),
    State.LOOK: pgettext_lazy("health", "Needs a look"),
    State.WRONG: pgettext_lazy("health", "Wrong"),
}
SHAPES = {State.WELL: "●", State.LOOK: "▲", State.WRONG: "■"}

SECONDS, MINUTES, HOURS = timedelta(minutes=2), timedelta(hours=2), timedelta(days=2)


@dataclass(frozen=True)
class Remedy:
    """What to do, and the command that does it where one does."""

    act: str | Promise
    command: str = ""


NO_REMEDY = Remedy("")
_START_BEAT = Remedy(
    gettext_lazy("Start beat again, and look at its log if it ends again. Exactly one may run."),
    "systemctl restart jigai-beat",
)
_START_WORKER = Remedy(
    gettext_lazy(
        "Start the worker again, and look at its log. Nothing is lost: what is due is kept in the database."
    ),
    "systemctl restart jigai-worker",
)
_BACK_UP = Remedy(gettext_lazy("Make one now, and have one made each night."), "manage.py backup")
REMEDIES = {
    (Part.DATABASE, "away"): Remedy(
        gettext_lazy("Start PostgreSQL again; everything else then goes on by itself."),
        "systemctl restart postgresql",
    ),
    (Part.DATABASE, "unapplied"): Remedy(gettext_lazy("Bring the tables up to date."), "manage.py migrate"),
    (Part.BEAT, "never"): _START_BEAT,
    (Part.BEAT, "silent"): _START_BEAT,
    (Part.WORKER, "never"): _START_WORKER,
    (Part.WORKER, "silent"): _START_WORKER,
    (Part.QUEUE, "away"): Remedy(
        gettext_lazy(
            "Start Redis again. Nothing is lost: what is due is kept in the database, and goes out then."
        ),
        "systemctl restart redis-server",
    ),
    (Part.QUEUE, "slow"): Remedy(
        gettext_lazy("The worker does not keep up: look at its log, and start it again or a second one."),
        "systemctl restart jigai-worker",
    ),
    (Part.MAIL, "late"): Remedy(
        gettext_lazy(
            "See whether the mail server answers and EMAIL_URL is right. What waits goes out by itself then."
        ),
        "manage.py sendtestmail me@example.com",
    ),
    (Part.PARKED, "some"): Remedy(
        gettext_lazy("See below: mend the person's mail address and try again, or set the mail aside.")
    ),
    (Part.BACKUP, "never"): _BACK_UP,
    (Part.BACKUP, "old"): _BACK_UP,
    (Part.DISK, "full"): Remedy(
        gettext_lazy("Make room: move old backups and logs elsewhere, or enlarge the disk."), "df -h"
    ),
    (Part.CALENDAR, "unknown"): Remedy(
        gettext_lazy(
            "Enter the special days of that year under Administration, or upgrade the published calendar."
        ),
        "pip install --upgrade chinesecalendar",
    ),
    (Part.CLOCK, "off"): Remedy(
        gettext_lazy("Let the clock be set from the network."), "timedatectl set-ntp true"
    ),
}


@dataclass(frozen=True)
class Line:
    """A part as it is shown."""

    part: Part
    state: State
    name: str
    word: str
    shape: str
    figure: str
    # Empty if it is well.
    remedy: str = ""
    command: str = ""


def line(finding: Finding) -> Line:
    """The part in words, in the language that is being spoken."""
    remedy = NO_REMEDY if finding.state is State.WELL else REMEDIES[finding.part, finding.reason]
    return Line(
        part=finding.part,
        state=finding.state,
        name=str(NAMES[finding.part]),
        word=str(STATES[finding.state]),
        shape=SHAPES[finding.state],
        figure=FIGURES[finding.part](finding.reason, finding.figures),
        remedy=str(remedy.act),
        command=remedy.command,
    )


def span(time: timedelta) -> str:
    """How long, in one unit."""
    if time < SECONDS:
        return gettext("%(n)d s") % {"n": time.total_seconds()}
    if time < MINUTES:
        return gettext("%(n)d min") % {"n": time / timedelta(minutes=1)}
    if time < HOURS:
        return gettext("%(n)d h") % {"n": time / timedelta(hours=1)}
    number = time.days
    return ngettext("%(n)d day", "%(n)d days", number) % {"n": number}


Figures = Mapping[str, Any]


def _database(reason: str, figures: Figures) -> str:
    if reason == "away":
        return gettext("Does not answer: %(words)s") % figures
    if reason == "unapplied":
        number = figures["number"]
        words = ngettext("%(n)d migration is not applied.", "%(n)d migrations are not applied.", number)
        return words % {"n": number}
    return gettext("Answers; its tables are as the program expects them.")


def _beat(reason: str, figures: Figures) -> str:
    if reason == "never":
        return gettext("Has never rung.")
    return gettext("Rang %(ago)s ago.") % {"ago": span(figures["ago"])}


def _worker(reason: str, figures: Figures) -> str:
    if reason == "never":
        return gettext("Has never answered.")
    said = gettext("Answered %(ago)s ago.") % {"ago": span(figures["ago"])}
    waited = figures.get("waited")
    if isinstance(waited, int | float):
        said = pgettext("two sentences", "%(first)s %(second)s") % {
            "first": said,
            "second": gettext("The job had waited for %(time)s.") % {"time": span(timedelta(seconds=waited))},
        }
    return said


def _queue(reason: str, figures: Figures) -> str:
    if reason == "away":
        return gettext("Redis does not answer.")
    if reason == "empty":
        return gettext("Nothing waits.")
    number = figures["number"]
    words = ngettext(
        "%(n)d task waits, the oldest for %(ago)s.", "%(n)d tasks wait, the oldest for %(ago)s.", number
    )
    return words % {"n": number, "ago": span(figures["ago"])}


def _mail(reason: str, figures: Figures) -> str:
    if reason == "empty":
        return gettext("Nothing waits.")
    number = figures["number"]
    if reason == "waiting":
        return ngettext("%(n)d waits for its time.", "%(n)d wait for their time.", number) % {"n": number}
    words = ngettext("%(n)d waits, due since %(ago)s.", "%(n)d wait, the oldest due since %(ago)s.", number)
    said = words % {"n": number, "ago": span(figures["ago"])}
    if not figures["words"]:
        return said
    last = gettext("Last answer of the mail server: %(words)s") % figures
    return pgettext("two sentences", "%(first)s %(second)s") % {"first": said, "second": last}


def _parked(reason: str, figures: Figures) -> str:
    if reason == "none":
        return gettext("None.")
    number = figures["number"]
    return ngettext("%(n)d mail reached nobody.", "%(n)d mails reached nobody.", number) % {"n": number}


def _backup(reason: str, figures: Figures) -> str:
    if reason == "never":
        return gettext("None has ever been made.")
    said = gettext("The last one was made %(ago)s ago.") % {"ago": span(figures["ago"])}
    if not isinstance(figures["bytes"], int):
        return said
    kept = gettext("%(file)s, %(size)s.") % {
        "file": str(figures["file"]).rpartition("/")[2],
        "size": filesizeformat(figures["bytes"]),
    }
    return pgettext("two sentences", "%(first)s %(second)s") % {"first": said, "second": kept}


def _disk(reason: str, figures: Figures) -> str:
    share = 100 * figures["free"] / figures["total"] if figures["total"] else 0
    return gettext("%(free)s of %(total)s are free (%(share)d %%).") % {
        "free": filesizeformat(figures["free"]),
        "total": filesizeformat(figures["total"]),
        "share": share,
    }


def _calendar(reason: str, figures: Figures) -> str:
    if reason == "known":
        return gettext("Holidays and moved working days are known to the end of %(year)d.") % figures
    return (
        gettext("The holidays of %(year)d are not known: Monday to Friday would count as worked.") % figures
    )


def _clock(reason: str, figures: Figures) -> str:
    if reason == "right":
        return gettext("Agrees with the database's and with what was written before.")
    return gettext("Is %(time)s off the database's, or was set back by that much.") % {
        "time": span(figures["ago"])
    }


FIGURES: dict[Part, Callable[[str, Figures], str]] = {
    Part.DATABASE: _database,
    Part.BEAT: _beat,
    Part.WORKER: _worker,
    Part.QUEUE: _queue,
    Part.MAIL: _mail,
    Part.PARKED: _parked,
    Part.BACKUP: _backup,
    Part.DISK: _disk,
    Part.CALENDAR: _calendar,
    Part.CLOCK: _clock,
}

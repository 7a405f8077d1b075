"""What can be done about inclusion: say where a project stands, note papers, set figures, explain them."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import PurePath
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Q

from tracker.audit.context import because, by_system
from tracker.calendars.periods import Month
from tracker.library import rules as library
from tracker.library.inclusion import rules
from tracker.library.inclusion.models import (
    BureauList,
    DifferenceExplanation,
    InclusionPaper,
    PaperFile,
    StatisticalFigure,
)
from tracker.library.inclusion.rules import Amounts, InclusionState, PaperKind, PaperState, Way
from tracker.library.models import ENDED_STAGES, LIAISON_STATES, NOT_STARTED_STAGES, Project
from tracker.uploads.documents import document_of
from tracker.uploads.store import Store

if TYPE_CHECKING:
    from tracker.accounts.models import User

PAPERS = Store("papers")
MOST_FILES_OF_A_PAPER = 30
LONGEST_FILENAME = 120


class InFuture(Exception):
    """The day has not come yet."""


class NotTheLiaison(Exception):
    """Only the statistics liaison says that a project is included, returned or removed."""


class BelowThreshold(Exception):
    """A project with so small a planned total is never part of the investment survey."""


class NoSuchMove(Exception):
    """From where the project stands, one does not come there; `before` and `after` name the states."""

    def __init__(self, before: str, after: str) -> None:
        super().__init__(before, after)
        self.before, self.after = before, after


class ChangedMeanwhile(Exception):
    """Somebody else has written here since the form was shown."""


class MayNotKeepPapers(Exception):
    """Neither the liaison nor somebody who answers for the project."""


class NoReason(Exception):
    """A sentence is missing that says why."""


class AlreadyThere(Exception):
    """The paper has this very file."""


class TooManyFiles(Exception):
    """The paper has as many files as anybody will look at."""


class AlreadyDeleted(Exception):
    """Somebody has taken the file away before."""


class DoesNotAddUp(Exception):
    """Parts that do not make up the whole; `codes` say which."""

    def __init__(self, codes: list[str]) -> None:
        super().__init__(codes)
        self.codes = codes


class NoSurvey(Exception):
    """The survey has no figure of this month, or the month is not over."""


# --- where a project stands ---

# What each state of inclusion is dated by; the others follow from papers that carry no day.
DATED_BY = {
    InclusionState.SUBMITTED: "inclusion_submitted_on",
    InclusionState.INCLUDED: "included_on",
    InclusionState.RETURNED: "inclusion_returned_on",
    InclusionState.REMOVED: "inclusion_removed_on",
}
WRITTEN = ["inclusion_state", "inclusion_reference", *DATED_BY.values()]


def has_started(project: Project) -> bool:
    """Whether the works have begun, of a mere purchase the delivery; also of a project that stopped since."""
    if project.stage in NOT_STARTED_STAGES:
        return False
    since = rules.due_since(project.nature, project.started_on, project.equipment_delivered_on)
    return since is not None or project.stage not in ENDED_STAGES


def bring_to(project: Project, state: str, *, way: Way, included_on: date | None) -> bool:
    """Let the project stand where somebody or something says; the caller saves it. False when it stays.

    Every change of a state of inclusion comes through here, whoever says it.
    """
    before, after = InclusionState(project.inclusion_state), InclusionState(state)
    if after != before and not rules.may_move(way, before, after):
        return False
    project.inclusion_state, project.included_on = after, included_on
    return True


def follow_facts(project: Project) -> bool:
    """Where the project stands by its planned total and its start; the caller saves it."""
    before = InclusionState(project.inclusion_state)
    after = rules.followed(before, project.planned_total, has_started=has_started(project))
    return after != before and bring_to(project, after, way=Way.FACTS, included_on=project.included_on)


@transaction.atomic
def settle(projects: Iterable[int]) -> int:
    """Let these projects (by id) stand where their facts say; how many have moved."""
    moved = 0
    for project in Project.objects.select_for_update().filter(pk__in=list(projects)).order_by("pk"):
        if follow_facts(project):
            project.save(update_fields=["inclusion_state"])
            moved += 1
    return moved


def settle_all() -> int:
    """The same for all projects that have begun or become too small since, however that was written down.

    One that is too large to be not applicable is left: the county's table may have said so.
    """
    is_small = Q(planned_total__lt=library.INCLUSION_THRESHOLD)
    has_shrunk = is_small & Q(inclusion_state__in=[InclusionState.NOT_DUE, InclusionState.PREPARING])
    has_begun = Q(inclusion_state=InclusionState.NOT_DUE) & ~Q(stage__in=NOT_STARTED_STAGES)
    with by_system("inclusion"):
        return settle(Project.objects.filter(has_shrunk | has_begun).values_list("pk", flat=True))


def way_of(person: "User", project: Project) -> Way | None:
    """In which way the person says where the project stands; none when it is not theirs to say."""
    if person.can("set_inclusion", project):
        return Way.LIAISON
    return Way.TEAM if person.can("keep_papers", project) else None


@transaction.atomic
def set_inclusion(
    project: Project,
    state: str,
    on: date,
    reference: str | None = None,
    *,
    by: "User",
    today: date,
    seen: str | None = None,
) -> Project:
    """Record where the project stands on its way into statistics, since which day and by which paper.

    `seen` is the state that the form showed: what somebody else has said since is not overwritten unseen.
    """
    way = way_of(by, project)
    if way is None or (way is Way.TEAM and state in LIAISON_STATES):
        raise NotTheLiaison(state)
    if on > today:
        raise InFuture(on)
    project = Project.objects.select_for_update().get(pk=project.pk)
    if seen and seen != project.inclusion_state:
        raise ChangedMeanwhile(project)
    follow_facts(project)
    before, after = InclusionState(project.inclusion_state), InclusionState(state)
    if after == InclusionState.INCLUDED and project.planned_total < library.INCLUSION_THRESHOLD:
        raise BelowThreshold(project.planned_total)
    if after == before and not rules.may_say_again(way, after):
        raise NoSuchMove(before, after)
    # Said by mistake, or over since the removal: it is not included since that day any more.
    stays_included = after in (InclusionState.INCLUDED, InclusionState.REMOVED)
    if not bring_to(project, after, way=way, included_on=project.included_on if stays_included else None):
        raise NoSuchMove(before, after)
    if reference is not None:
        project.inclusion_reference = reference
    if after in DATED_BY:
        setattr(project, DATED_BY[after], on)
    with because(reference or ""):
        project.save(update_fields=WRITTEN)
    return project


@transaction.atomic
def set_reference(project: Project, reference: str, *, by: "User") -> None:
    """Keep under which paper the bureau has the project; where it stands does not change."""
    if not by.can("set_inclusion", project):
        raise NotTheLiaison(project)
    project = Project.objects.select_for_update().get(pk=project.pk)
    project.inclusion_reference = reference
    with because(reference):
        project.save(update_fields=["inclusion_reference"])


# --- papers ---


@dataclass(frozen=True)
class PaperNote:
    """What somebody says of a paper: where it is, and what stands on it."""

    state: PaperState
    reason: str = ""
    party: str = ""
    total: Decimal | None = None
    dated_on: date | None = None


@transaction.atomic
def note_paper(
    project: Project,
    kind: PaperKind,
    note: PaperNote,
    *,
    by: "User",
    at: datetime,
    edition: int | None = None,
) -> InclusionPaper:
    """Write down what is known of a paper; that it is not needed is said by the liaison, with a reason.

    `edition` is the one that the form showed; without it the note is made whatever stands there.
    """
    _check_keeper(by, project)
    if note.state == PaperState.NOT_NEEDED and not note.reason:
        raise NoReason(kind)
    paper = _held(project, kind)
    turns_away = note.state == PaperState.NOT_NEEDED and paper.state != note.state
    if turns_away and not by.can("set_inclusion", project):
        raise NotTheLiaison(kind)
    if edition is not None and edition != paper.edition:
        raise ChangedMeanwhile(paper)
    paper.state = note.state
    paper.reason = note.reason if note.state == PaperState.NOT_NEEDED else ""
    paper.party, paper.total, paper.dated_on = note.party, note.total, note.dated_on
    return _keep(paper, by=by, at=at)


@transaction.atomic
def receive_paper(project: Project, kind: PaperKind, *, by: "User", at: datetime) -> InclusionPaper:
    """Note that a paper is there; once it is, saying so again changes nothing."""
    _check_keeper(by, project)
    paper = _held(project, kind)
    if paper.state == PaperState.RECEIVED:
        return paper
    paper.state, paper.reason = PaperState.RECEIVED, ""
    return _keep(paper, by=by, at=at)


def add_file(
    project: Project, kind: PaperKind, content: bytes, filename: str, *, by: "User", at: datetime
) -> PaperFile:
    """Keep a file of a paper, which is received then; or UnusableFile, AlreadyThere, TooManyFiles."""
    _check_keeper(by, project)
    standing = PaperFile.objects.standing().filter(paper__project=project, paper__kind=kind)
    if standing.count() >= MOST_FILES_OF_A_PAPER:
        raise TooManyFiles(project)
    document = document_of(content)
    # The file first: a crash leaves a file that the daily clearing finds, never a row without one.
    name = PAPERS.write({f".{document.format}": document.content})
    try:
        with transaction.atomic():
            paper = receive_paper(project, kind, by=by, at=at)
            return PaperFile.objects.create(
                paper=paper,
                name=name,
                format=document.format,
                filename=shown_filename(filename, document.format),
                size=len(document.content),
                sha256=document.sha256,
                added_by=by,
                added_at=at,
            )
    except IntegrityError as twice:
        PAPERS.remove(name)
        raise AlreadyThere(project) from twice


@transaction.atomic
def void_file(file: PaperFile, *, by: "User", why: str, at: datetime) -> None:
    """Take a file away: it goes, the row stays and says why. The paper stays as it was noted."""
    _check_keeper(by, file.project)
    if not why:
        raise NoReason(file)
    with because(why):
        if (
            not PaperFile.objects.standing()
            .filter(pk=file.pk)
            .update(voided_at=at, voided_by=by, void_reason=why)
        ):
            raise AlreadyDeleted(file)
    name = file.name
    transaction.on_commit(lambda: PAPERS.remove(name))


def clear_orphans(now: datetime) -> int:
    """Remove files that no standing row names, left by a crash or a deletion; how many they were."""
    standing = PaperFile.objects.standing()
    return PAPERS.clear_orphans(
        now, lambda some: standing.filter(name__in=some).values_list("name", flat=True)
    )


def shown_filename(filename: str, kept_as: str) -> str:
    """What a file is called in lists and when it is saved: its own name, with the ending of what it is."""
    stem = PurePath(filename.replace("\\", "/")).name
    visible = "".join(sign for sign in stem if unicodedata.category(sign)[0] != "C")
    stem = visible.rpartition(".")[0].strip(". ") if "." in visible else visible.strip()
    return f"{stem[: LONGEST_FILENAME - len(kept_as) - 1] or kept_as}.{kept_as}"


def _check_keeper(by: "User", project: Project) -> None:
    if not by.can("keep_papers", project):
        raise MayNotKeepPapers(project)


def _held(project: Project, kind: PaperKind) -> InclusionPaper:
    """The paper's row, or a new one; who writes about the same project takes turns."""
    Project.objects.select_for_update().get(pk=project.pk)
    return InclusionPaper.objects.filter(project=project, kind=kind).first() or InclusionPaper(
        project=project, kind=kind
    )


def _keep(paper: InclusionPaper, *, by: "User", at: datetime) -> InclusionPaper:
    paper.noted_by, paper.noted_at = by, at
    paper.edition += 1
    with because(paper.reason):
        paper.save()
    return paper


# --- figures of the survey ---


@transaction.atomic
def set_figure(
    project: Project,
    month: Month,
    amounts: Amounts,
    *,
    by: "User",
    at: datetime,
    today: date,
    source: BureauList | None = None,
    edition: int | None = None,
) -> StatisticalFigure:
    """Keep what the statistics bureau has of a project up to the end of a month; the liaison alone says it.

    What inspections have reported stays as it is. `edition` is the one that the form showed.
    """
    if not by.can("set_inclusion", project):
        raise NotTheLiaison(project)
    if not rules.has_survey(month) or month > rules.latest_survey(today):
        raise NoSurvey(month)
    if wrong := rules.contradictions(amounts):
        raise DoesNotAddUp(wrong)
    Project.objects.select_for_update().get(pk=project.pk)
    found = StatisticalFigure.objects.of_month(month).filter(project=project).first()
    figure = found or StatisticalFigure(project=project, year=month.year, month=month.month)
    if edition is not None and edition != figure.edition:
        raise ChangedMeanwhile(figure)
    if found and found.amounts == amounts:
        return found
    figure.ytd_investment = amounts.ytd
    figure.construction, figure.installation = amounts.construction, amounts.installation
    figure.equipment, figure.used_equipment = amounts.equipment, amounts.used_equipment
    figure.other = amounts.other
    figure.source, figure.set_by, figure.set_at = source, by, at
    figure.edition += 1
    figure.save()
    return figure


@transaction.atomic
def explain_difference(
    figure: StatisticalFigure, difference: Decimal, text: str, *, by: "User", at: datetime
) -> DifferenceExplanation:
    """Keep why the inspected figure is this much above the statistical one (negative when below)."""
    if not by.can("explain_difference", figure):
        raise MayNotKeepPapers(figure)
    if not text:
        raise NoReason(figure)
    StatisticalFigure.objects.select_for_update().get(pk=figure.pk)
    said = DifferenceExplanation.objects.filter(figure=figure, difference=difference).first()
    said = said or DifferenceExplanation(figure=figure, difference=difference)
    if said.text != text:
        said.text, said.explained_by, said.explained_at = text, by, at
        with because(text):
            said.save()
    return said

"""How a project moves from stage to stage: by hand, by an inspection or by a table, always on record."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max

from tracker.audit.context import because
from tracker.library import rules
from tracker.library.models import ENDED_STAGES, Project, Stage
from tracker.library.records import StageChange

if TYPE_CHECKING:
    from tracker.accounts.models import User

AT_ONCE = 200
# The day that a stage is reached by; taken back when the stage is.
REACHED_ON = {
    Stage.FILED: "filed_on",
    Stage.STARTED: "started_on",
    Stage.COMPLETED: "completed_on",
    Stage.IN_PRODUCTION: "in_production_on",
}
STAGE_FIELDS = ["stage", "merged_into", *REACHED_ON.values(), "month_only"]


class NotAllowed(Exception):
    """The project cannot be moved to this stage from where it is (any more)."""


class NeedsReason(Exception):
    """This move has to be explained."""


class NeedsTarget(Exception):
    """A merged project names another one of the county that still goes on."""


class StageBefore(Exception):
    """The day lies before that of the last move; `args[0]` is that day."""


class StageAhead(Exception):
    """The day of the move has not come yet."""


class BeforeItsStart(Exception):
    """The project would be completed before it started."""


@dataclass(frozen=True)
class Move:
    """A project that has just been given a stage, and the one that it had before."""

    project: Project
    from_stage: str
    on: date
    reason: str = ""


def keep_moves(moves: Iterable[Move], *, origin: str, by: "User | None", at: datetime) -> list[StageChange]:
    """Write down which of these projects were really moved; one or a thousand cost the same few queries.

    The caller holds the projects and writes their stage in the same transaction.
    """
    moved = [move for move in moves if move.from_stage != move.project.stage]
    if not moved:
        return []
    kept = StageChange.objects.filter(project__in=[move.project.pk for move in moved])
    numbers: dict[int, int] = defaultdict(int)
    numbers.update(kept.order_by().values_list("project").annotate(Max("number")))
    changes = []
    for move in moved:
        numbers[move.project.pk] += 1
        changes.append(
            StageChange(
                project=move.project,
                number=numbers[move.project.pk],
                from_stage=move.from_stage,
                to_stage=move.project.stage,
                on=move.on,
                reason=move.reason[:300],
                merged_into_id=move.project.merged_into_id if move.project.stage == Stage.MERGED else None,
                origin=origin,
                by=by,
                made_at=at,
            )
        )
    return StageChange.objects.bulk_create(changes, batch_size=AT_ONCE)


def left_for_exit(project: Project) -> str | None:
    """The stage on the line that the project had before it was suspended, terminated or merged."""
    if project.stage not in ENDED_STAGES:
        return None
    earlier = StageChange.objects.filter(project=project).exclude(from_stage__in=ENDED_STAGES)
    return earlier.order_by("-number").values_list("from_stage", flat=True).first()


def moves_open_to(project: Project) -> tuple[str, ...]:
    """The stages that the project may be moved to now, the likeliest first."""
    return rules.moves_from(
        project.stage,
        left_for_exit(project),
        is_purchase_only=project.nature == Project.Nature.PURCHASE_ONLY,
    )


@transaction.atomic
def change_stage(
    project: Project,
    to_stage: str,
    on: date,
    reason: str,
    *,
    by: "User",
    at: datetime,
    today: date,
    merged_into: Project | None = None,
) -> StageChange:
    """Move a project by hand; the day that the new stage is reached by is set where it is not known yet."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    if to_stage not in moves_open_to(project):
        raise NotAllowed(project.stage, to_stage)
    if on > today:
        raise StageAhead(on)
    last = StageChange.objects.filter(project=project).order_by("-number").first()
    if last is not None and on < last.on:
        raise StageBefore(last.on)
    if rules.move_needs_reason(project.stage, to_stage) and not reason:
        raise NeedsReason(to_stage)
    if to_stage == Stage.MERGED and not _may_take_over(project, merged_into):
        raise NeedsTarget(merged_into)
    move = Move(project, project.stage, on, reason)
    _reach(project, to_stage, on)
    project.stage = to_stage
    project.merged_into = merged_into if to_stage == Stage.MERGED else None
    with because(reason):
        project.save(update_fields=STAGE_FIELDS)
        (change,) = keep_moves([move], origin=StageChange.Origin.PAGE, by=by, at=at)
    return change


def _may_take_over(project: Project, other: Project | None) -> bool:
    return (
        other is not None
        and other.pk != project.pk
        and other.county_id == project.county_id
        and other.stage not in ENDED_STAGES
    )


def _reach(project: Project, to_stage: str, on: date) -> None:
    """Set the days that the new stage says something of, and take back those that it denies."""
    if to_stage in ENDED_STAGES or project.stage in ENDED_STAGES:
        return
    place = rules.LINE.index(to_stage)
    for stage, name in REACHED_ON.items():
        step = rules.LINE.index(stage)
        is_reached = (step <= place and name != "filed_on") or stage == to_stage
        if is_reached and getattr(project, name) is None:
            setattr(project, name, on)
        elif step > place and getattr(project, name) is not None:
            setattr(project, name, None)
            project.month_only = [known for known in project.month_only if known != name]
    started, completed = project.started_on, project.completed_on
    if started and completed and completed < started:
        raise BeforeItsStart(completed, started)

"""The nearest way up: the least that would reach a better badge, confirmed by the rule itself."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor

from tracker.badges.policy import Policy
from tracker.badges.rules import (
    BEFORE_START,
    RANKED,
    Badge,
    InclusionState,
    Past,
    Reading,
    Stage,
    Verdict,
    judge,
)


class StepKind(StrEnum):
    """What can be done for a better badge, in the order in which it is told."""

    START = "start"
    INVESTMENT = "investment"
    PROGRESS = "progress"
    INCLUSION = "inclusion"
    REPORT = "report"
    RECTIFICATION = "rectification"


@dataclass(frozen=True)
class Step:
    """One thing to do; for investment and progress, how much more and up to what."""

    kind: StepKind
    more: Decimal | None = None
    to: Decimal | None = None


@dataclass(frozen=True)
class Improvement:
    """The least that reaches a better badge at a cut-off, and the reading that `judge` confirmed it on.

    No steps means that the present figures, reported again, are enough.
    """

    reaches: Badge
    by: date
    steps: tuple[Step, ...]
    reading: Reading


CENT = Fraction(1, 100)
TENTH = Fraction(1, 10)


def nearest_improvement(
    reading: Reading, policy: Policy, *, after: Verdict | None = None
) -> Improvement | None:
    """The least that reaches the next better badge at this reading's own cut-off.

    With `after`, the verdict of the cycle just judged, the reading is that of the next cycle: today's
    figures seen from the next cut-off, to which the plan and the clocks have moved on, and `after` joins
    the past. Without it, it is asked what would have been better at the same cut-off.

    Everything is first taken as done, then taken back as far as `judge` still gives the better badge, so
    nothing is promised that it would not confirm. None when nothing better is in reach.
    """
    if after is None:
        now = judge(reading, policy).badge
    else:
        now = after.badge
        reading = replace(reading, past=(Past.of(after), *reading.past))
    if now is Badge.NONE:
        return None
    for target in RANKED[now.rank + 1 :]:
        if improvement := _least(reading, policy, target):
            return improvement
    return None


def _least(reading: Reading, policy: Policy, target: Badge) -> Improvement | None:
    def reaches(attempt: Reading) -> bool:
        badge = judge(attempt, policy).badge
        return badge is not Badge.NONE and badge >= target

    attempt = _with_everything_done(reading)
    if not reaches(attempt):
        return None
    steps: list[Step] = []
    for kind in StepKind:
        match kind:
            case StepKind.INVESTMENT:
                attempt = _least_investment(reading, attempt, reaches)
                more = attempt.ytd_investment - reading.ytd_investment
                step = Step(kind, more, attempt.ytd_investment) if more else None
            case StepKind.PROGRESS:
                attempt = _least_progress(reading, attempt, reaches)
                to = attempt.progress_percent or Decimal(0)
                more = to - (reading.progress_percent or Decimal(0))
                step = Step(kind, more, to) if more else None
            case _:
                undone = _undo(kind, reading, attempt)
                step = None if reaches(undone) else Step(kind)
                attempt = attempt if step else undone
        if step:
            steps.append(step)
    return Improvement(judge(attempt, policy).badge, reading.cut_off, tuple(steps), attempt)


def _with_everything_done(reading: Reading) -> Reading:
    done = replace(reading, cycles_missing=0, overdue_rectification=False)
    if not reading.has_started:
        stage = Stage.STARTED if reading.stage in BEFORE_START else reading.stage
        done = replace(done, stage=stage, actual_start=reading.cut_off)
    if reading.needs_inclusion and not reading.is_included:
        done = replace(done, inclusion_state=InclusionState.INCLUDED, included_on=reading.cut_off)
    if reading.progress_percent is not None:
        done = replace(done, progress_percent=Decimal(100))
    if reading.annual_plan is not None:
        done = replace(done, ytd_investment=max(reading.ytd_investment, reading.annual_plan))
    return done


def _undo(kind: StepKind, reading: Reading, attempt: Reading) -> Reading:
    match kind:
        case StepKind.START:
            return replace(attempt, stage=reading.stage, actual_start=reading.actual_start)
        case StepKind.INCLUSION:
            return replace(attempt, inclusion_state=reading.inclusion_state, included_on=reading.included_on)
        case StepKind.REPORT:
            return replace(attempt, cycles_missing=reading.cycles_missing)
        case _:
            return replace(attempt, overdue_rectification=reading.overdue_rectification)


def _least_investment(reading: Reading, attempt: Reading, reaches: Callable[[Reading], bool]) -> Reading:
    before = Fraction(reading.ytd_investment)
    most = ceil((Fraction(attempt.ytd_investment) - before) / CENT)

    def having(hundredths: int) -> Reading:
        return replace(attempt, ytd_investment=reading.ytd_investment + Decimal(hundredths).scaleb(-2))

    return having(_first(most, lambda hundredths: reaches(having(hundredths))))


def _least_progress(reading: Reading, attempt: Reading, reaches: Callable[[Reading], bool]) -> Reading:
    if reading.progress_percent is None:
        return attempt
    tenths_now = floor(Fraction(reading.progress_percent) / TENTH)
    progress_now = reading.progress_percent

    def having(tenths: int) -> Reading:
        progress = Decimal(tenths_now + tenths).scaleb(-1) if tenths else progress_now
        return replace(attempt, progress_percent=progress)

    return having(_first(1000 - tenths_now, lambda tenths: reaches(having(tenths))))


def _first(last: int, is_enough: Callable[[int], bool]) -> int:
    """The smallest number from 0 to `last` that is enough, where `last` is and more never is too much."""
    low, high = 0, last
    while low < high:
        middle = (low + high) // 2
        if is_enough(middle):
            high = middle
        else:
            low = middle + 1
    return high

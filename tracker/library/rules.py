"""What a code means, how a filing lapses, a stage goes on and a plan is spread; whom a number belongs to.

Plain Python. Sources: GB 32100-2015 (credit code), GB/T 40058-2021 (project code), the national
investment survey's guide (consistency), all named in docs/glossary.md.
"""

import re
import unicodedata
from calendar import isleap
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

# Projects below this planned total (万元) stay outside the investment survey.
INCLUSION_THRESHOLD = Decimal(500)

PROJECT_CODE = re.compile(r"^\d{4}-\d{6}-\d{2}-\d{2}-\d{6}$")


def normalised(text: str) -> str:
    """Half-width, without outer or repeated blanks: what two people type for the same thing becomes equal."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def normalised_code(text: str) -> str:
    """A code without blanks, half-width, in capitals."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()


def project_code(text: str) -> str:
    """The code as GB/T 40058-2021 writes it, `2101-371591-04-01-436244`; 20 bare digits get their hyphens.

    Raises ValueError when it has another shape.
    """
    code = normalised_code(text).replace("—", "-").replace("–", "-")
    if re.fullmatch(r"\d{20}", code):
        code = f"{code[:4]}-{code[4:10]}-{code[10:12]}-{code[12:14]}-{code[14:]}"
    if not PROJECT_CODE.fullmatch(code):
        raise ValueError(text)
    return code


def has_right_check_digit(code: str) -> bool:
    """Whether the last digit follows from the others by ISO 7064 MOD 11,10.

    Real codes follow it, but the standard's text was not read: a mismatch is a warning, never a refusal.
    """
    digits = [int(sign) for sign in code if sign.isdigit()]
    product = 10
    for digit in digits[:-1]:
        total = (product + digit) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == digits[-1]


# One number: of a mobile, of a landline with or without area code and extension, or of a service line.
_ONE_NUMBER = (
    r"(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}"
    r"|(?:\(0\d{2,3}\)|0\d{2,3})?[ -]?[2-9]\d{6,7}(?:(?:-|转| ?ext\.? ?)\d{1,6})?"
    r"|[48]00[ -]?\d{3,4}[ -]?\d{3,4}"
)
PHONE = re.compile(rf"(?:{_ONE_NUMBER})(?:\s*[,;/、 ]\s*(?:{_ONE_NUMBER}))*", re.IGNORECASE)


def is_phone(text: str) -> bool:
    """Whether somebody can be called by this: one number, or several beside each other."""
    return PHONE.fullmatch(unicodedata.normalize("NFKC", text).strip()) is not None


# A mobile number of the mainland is known by its first three and last four digits; of any other number
# at most half of the digits may be seen.
MOBILE = re.compile(r"^(?:00)?(?:86)?(1[3-9]\d{9})$")
MOBILE_LENGTH = 11
HAS_DIGIT = re.compile(r"\d")
SHOWN_AT_START, SHOWN_AT_END = 3, 4
NUMBER_IN_TEXT = re.compile(
    r"(?<![\dA-Za-z-])(?:1[3-9]\d(?:[ -]?\d{4}){2}|0\d{2,3}[ -]?\d{7,8})(?![\dA-Za-z])"
)


def masked_phone(number: str) -> str:
    """A telephone number that still tells two apart but rings nobody: 138****8000."""
    if len(number) == MOBILE_LENGTH and number.isascii() and MOBILE.match(number):
        return f"{number[:SHOWN_AT_START]}****{number[-SHOWN_AT_END:]}"
    written = unicodedata.normalize("NFKC", number).strip()
    digits = "".join(sign for sign in written if sign.isdecimal())
    if not written:
        return ""
    if mobile := MOBILE.match(digits):
        digits, shown = mobile[1], SHOWN_AT_START + SHOWN_AT_END
    else:
        shown = min(len(digits) // 2, SHOWN_AT_START + SHOWN_AT_END)
    at_end = min(SHOWN_AT_END, (shown + 1) // 2)
    at_start = min(SHOWN_AT_START, shown - at_end)
    hidden = len(digits) - at_start - at_end
    return f"{digits[:at_start]}{'*' * max(hidden, 4)}{digits[len(digits) - at_end :]}"


def with_masked_phones(text: str) -> str:
    """A text in which whatever looks like a telephone number is masked: "张三 138****8000"."""
    if not HAS_DIGIT.search(text):
        return text
    normal = unicodedata.normalize("NFKC", text)
    return (
        NUMBER_IN_TEXT.sub(lambda found: masked_phone(found[0]), normal)
        if NUMBER_IN_TEXT.search(normal)
        else text
    )


def is_masked(text: str) -> bool:
    """Whether something stands here that was masked, so that it is no number of its own."""
    return "*" in unicodedata.normalize("NFKC", text)


# --- the filing: not started within two years it lapses; an extension is for one year at most ---

FILING_LASTS_YEARS = 2
EXTENSION_LASTS_YEARS = 1
# An extension is asked for within so many days before the filing lapses.
EXTENSION_ASKED_WITHIN = timedelta(days=30)


def years_after(day: date, years: int) -> date:
    """The same day so many years on; after 29 February that is 28 February."""
    if (day.month, day.day) == (2, 29) and not isleap(day.year + years):
        return date(day.year + years, 2, 28)
    return day.replace(year=day.year + years)


def filing_lapses_on(filed_on: date | None, extended_until: date | None) -> date | None:
    """The day on which a filing lapses unless work has started; none where nothing was filed."""
    if filed_on is None:
        return extended_until
    lapses_on = years_after(filed_on, FILING_LASTS_YEARS)
    return max(lapses_on, extended_until) if extended_until else lapses_on


# --- the stage: one step at a time along the line, with three ways out of it ---

LINE: tuple[str, ...] = (
    "reserve",
    "filed",
    "started",
    "building",
    "completed",
    "in_production",
    "outcome_verified",
)
EXITS: tuple[str, ...] = ("suspended", "terminated", "merged")


def moves_from(stage: str, left: str | None, *, is_purchase_only: bool) -> tuple[str, ...]:
    """The stages that a project may be moved to from here; `left` is the one that an exit was taken from.

    The next one first. A step back takes back what was said too early. A pure purchase is not built.
    """
    if stage in EXITS:
        back = (left,) if left in LINE else LINE[:-1]
        return (*back, "terminated", "merged") if stage == "suspended" else back
    place = LINE.index(stage)
    onward = LINE[place + 1 : place + 2]
    if stage == "started" and is_purchase_only:
        onward = ("completed", "building")
    back = LINE[place - 1 : place] if place else ()
    if stage == "completed" and is_purchase_only:
        back = ("started", "building")
    return (*onward, *back, *(() if stage == LINE[-1] else EXITS))


def move_needs_reason(from_stage: str, to_stage: str) -> bool:
    """Whether a move has to be explained: out of the line, back into it from an end, or a step back."""
    if to_stage in EXITS or from_stage in ("terminated", "merged"):
        return True
    return from_stage in LINE and LINE.index(to_stage) < LINE.index(from_stage)


# --- the plan of a year by month, exact to the cent in sum ---

CENT = Decimal("0.01")
QUARTERS = (Decimal("0.20"), Decimal("0.50"), Decimal("0.75"), Decimal(1))
MONTHS_IN_QUARTER = 3


def by_quarters(amount: Decimal) -> tuple[Decimal, ...]:
    """20, 50, 75 and 100 per cent of the year's amount by the end of each quarter, evenly within it."""
    reached = []
    before = Decimal(0)
    for share in QUARTERS:
        reached += [before + (share - before) * month / MONTHS_IN_QUARTER for month in (1, 2, 3)]
        before = share
    return _steps(amount, reached)


def linearly(amount: Decimal, year: int, start: date | None, end: date | None) -> tuple[Decimal, ...]:
    """The year's amount by the days of each month on which the project is planned to be worked at."""
    first = max(start or date(year, 1, 1), date(year, 1, 1))
    last = min(end or date(year, 12, 31), date(year, 12, 31))
    if first.year != year or last.year != year or last < first:
        first, last = date(year, 1, 1), date(year, 12, 31)
    days = (last - first).days + 1
    ends = [date(year, month + 1, 1) - timedelta(days=1) for month in range(1, 12)] + [date(year, 12, 31)]
    gone = [min(max((end - first).days + 1, 0), days) for end in ends]
    return _steps(amount, [Decimal(day) / days for day in gone])


def _steps(amount: Decimal, reached: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """What each month adds, from the share that is reached by its end: the cents are where they fall."""
    sums = [(amount * share).quantize(CENT, ROUND_HALF_UP) for share in reached[:-1]] + [amount]
    return tuple(now - before for before, now in zip([Decimal(0), *sums], sums, strict=False))

"""What a list gives out: its columns, or everything that is known, a row at a time however many there are."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection, models
from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from django.utils.text import capfirst
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from tracker.accounts import roles
from tracker.accounts.models import User
from tracker.inspections.models import Inspection
from tracker.inspections.queries import worst_badge_first
from tracker.library.models import AnnualPlan, BadgeColour, Enterprise, Project
from tracker.library.rules import masked_phone, with_masked_phones
from tracker.library.words import badge_label
from tracker.spreadsheets.writing import Head, Kind

READ_AT_ONCE = 2_000
TENTH, CENT = Decimal("0.1"), Decimal("0.01")
# Free words in which somebody may have written a number down.
MAY_NAME_A_PHONE = frozenset({"problem", "responsible_name", "contact_name"})

Say = Callable[[Any], Any]


@dataclass(frozen=True)
class Column:
    """One column of what is given out: how it is asked for, and how it is said.

    `share_of` names two other columns, of which this one is the first as a percentage of the second.
    """

    name: str
    title: str
    source: str | Combinable
    kind: Kind = Kind.TEXT
    say: Say | None = None
    width: int = 14
    share_of: tuple[str, str] | None = None
    is_listed: bool = True

    @property
    def head(self) -> Head:
        """What stands over it."""
        return Head(capfirst(self.title), self.kind, self.width)


@dataclass(frozen=True)
class Export:
    """A table that is on its way out."""

    heads: list[Head]
    rows: Iterator[list[Any]]


def project_columns(year: int) -> list[Column]:
    """Those of the list of projects, with the year's figures, and then all other facts."""
    listed = [
        _badge("badge", _("Badge")),
        Column("name", _("Project"), "name", width=34),
        Column("enterprise", _("Enterprise"), "enterprise__name", width=30),
        Column("township", _("Township"), _in_readers_language("township")),
        _money("planned_total", _("Planned total (万元)")),
        Column("plan", _("Plan this year (万元)"), _plan(year), Kind.MONEY, _exact()),
        Column("invested", _("Done this year (万元)"), _invested(year), Kind.MONEY, _exact()),
        Column("share", _("Done (%)"), Value(0), Kind.PER_CENT, width=9, share_of=("invested", "plan")),
        _choice(Project, "stage", _("Stage")),
        _choice(Project, "inclusion_state", pgettext("column", "Inclusion")),
        Column("inspector", _("Inspector"), "inspector__name", width=12),
    ]
    latest = Inspection.objects.accepted().filter(project=OuterRef("pk")).order_by("-cycle_start")
    beside = [
        _beside("credit_code", _("Credit code"), "enterprise__credit_code", width=21),
        _beside("chain", _("Industrial chain"), "enterprise__chain"),
        _beside("industry", _("Industry"), "enterprise__industry_id", width=9),
        Column(
            "cumulative",
            _("Since the start (万元)"),
            Subquery(latest.values("cumulative_investment")[:1]),
            Kind.MONEY,
            _exact(),
            is_listed=False,
        ),
        Column(
            "progress",
            _("Progress (%)"),
            Subquery(latest.values("progress_percent")[:1]),
            Kind.PER_CENT,
            _exact(),
            is_listed=False,
        ),
    ]
    return [*listed, *beside, *_other_facts(Project, listed)]


def inclusion_columns(today: date) -> list[Column]:
    """Those of the list of projects that are not in statistics yet, and then all other facts."""
    listed = [
        Column("name", _("Project"), "name", width=34),
        Column("enterprise", _("Enterprise"), "enterprise__name", width=30),
        _money("planned_total", _("Planned total (万元)")),
        Column("started_on", _("Started on"), "started_on", Kind.DAY, width=12),
        Column(
            "days",
            _("Days since"),
            F("started_on"),
            Kind.WHOLE,
            lambda day: max(0, (today - day).days) if day else None,
            width=10,
        ),
        _choice(Project, "inclusion_state", _("State")),
    ]
    beside = [
        _beside("credit_code", _("Credit code"), "enterprise__credit_code", width=21),
        _beside("township", _("Township"), _in_readers_language("township")),
        _beside("inspector", _("Inspector"), "inspector__name", width=12),
    ]
    return [*listed, *beside, *_other_facts(Project, listed)]


def enterprise_columns() -> list[Column]:
    """Those of the list of enterprises, and then all other facts."""
    own = Project.objects.filter(enterprise=OuterRef("pk"))
    number = own.order_by().values("enterprise").annotate(number=Count("pk")).values("number")
    listed = [
        Column(
            "worst",
            _("Worst badge"),
            Subquery(worst_badge_first(own).values("badge")[:1]),
            say=_saying({code.value: badge_label(code) for code in BadgeColour}),
            width=11,
        ),
        Column("name", _("Enterprise"), "name", width=30),
        Column("projects", _("Projects"), Subquery(number), Kind.WHOLE, lambda found: found or 0, width=9),
        Column("credit_code", _("Credit code"), "credit_code", width=21),
        Column("township", _("Township"), _in_readers_language("township")),
        Column("industry", _("Industry"), "industry_id", width=9),
        Column("chain", _("Industrial chain"), "chain"),
        _choice(Enterprise, "rung", _("Grade")),
    ]
    return [*listed, *_other_facts(Enterprise, listed)]


def export(rows: QuerySet[Any], columns: list[Column], *, reveals: Q | None = None) -> Export:
    """The rows in their order. Telephone numbers are masked but where `reveals` holds.

    Everything is said in the language of now: the rows are read when they are sent.
    """
    sources = [column.source for column in columns]
    changes: list[Callable[[list[Any]], None]] = []
    if reveals is None:
        changes.append(_masking(columns))
    else:
        sources.append(Case(When(reveals, then=Value(True)), default=Value(False)))
        changes.append(_masking(columns, unless=len(sources) - 1))
    has_days = any(column.kind == Kind.DAY for column in columns)
    if has_days and any(field.name == "month_only" for field in rows.model._meta.concrete_fields):
        sources.append(Cast("month_only", models.TextField()))
        changes.append(_shortening(columns, by=len(sources) - 1))
    asked = rows.values_list(*sources).iterator(chunk_size=READ_AT_ONCE)
    return Export([column.head for column in columns], _said(asked, columns, changes))


def _said(
    asked: Iterator[tuple[Any, ...]], columns: list[Column], changes: list[Callable[[list[Any]], None]]
) -> Iterator[list[Any]]:
    count = len(columns)
    at = {column.name: number for number, column in enumerate(columns)}
    saying = [(number, column.say) for number, column in enumerate(columns) if column.say]
    shares = [
        (number, at[column.share_of[0]], at[column.share_of[1]])
        for number, column in enumerate(columns)
        if column.share_of
    ]
    for row in asked:
        cells = list(row)
        for change in changes:
            change(cells)
        for number, say in saying:
            cells[number] = say(cells[number])
        for number, part, whole in shares:
            cells[number] = _share(cells[part], cells[whole])
        del cells[count:]
        yield cells


def _masking(columns: list[Column], unless: int | None = None) -> Callable[[list[Any]], None]:
    """Hides telephone numbers in a row, `unless` the cell there says that they may be seen."""
    phones = [number for number, column in enumerate(columns) if "phone" in column.name]
    words = [number for number, column in enumerate(columns) if column.name in MAY_NAME_A_PHONE]

    def mask(cells: list[Any]) -> None:
        if unless is not None and cells[unless]:
            return
        for number in phones:
            if cells[number]:
                cells[number] = masked_phone(cells[number])
        for number in words:
            if cells[number]:
                cells[number] = with_masked_phones(cells[number])

    return mask


def _shortening(columns: list[Column], by: int) -> Callable[[list[Any]], None]:
    """Leaves of a day the month, where the cell there names it among those of which no more is known."""
    days = {column.name: number for number, column in enumerate(columns) if column.kind == Kind.DAY}

    def shorten(cells: list[Any]) -> None:
        if cells[by] == "[]":
            return
        for name in json.loads(cells[by]):
            if name in days and cells[days[name]]:
                cells[days[name]] = f"{cells[days[name]]:%Y-%m}"

    return shorten


def _share(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    if part is None or not whole:
        return None
    return (part * 100 / whole).quantize(TENTH, ROUND_HALF_UP)


def _exact() -> Say | None:
    """With two places: SQLite drops the noughts of what is asked for beside the row."""
    if connection.vendor != "sqlite":
        return None
    return lambda figure: None if figure is None else figure.quantize(CENT)


def may_reveal(person: User, model: type[models.Model]) -> Q | None:
    """The rows whose telephone number the person may see in plain, as `reveal_phone` says it; none at all."""
    if not person.can("reveal_phone") or person.division_id is None:
        return None
    theirs = Q(county=person.division_id) | Q(township=person.division_id)
    if person.role in roles.REVIEWING:
        return theirs
    return theirs & (Q(inspector=person) if model is Project else Q(projects__inspector=person))


# --- columns ---


def _other_facts(model: type[models.Model], listed: list[Column]) -> list[Column]:
    """Every fact that somebody enters and that no column gives yet."""
    given = {column.source for column in listed if isinstance(column.source, str)}
    facts: list[models.Field[Any, Any]] = [
        field
        for field in model._meta.concrete_fields
        if field.editable and not field.is_relation and not field.primary_key and field.name not in given
    ]
    columns = []
    for field in facts:
        title, name = str(field.verbose_name), field.name
        if isinstance(field, models.JSONField | models.BinaryField):
            continue
        if field.choices:
            columns.append(_choice(model, name, title, is_listed=False))
        elif isinstance(field, models.DecimalField):
            columns.append(Column(name, title, name, Kind.MONEY, is_listed=False))
        elif isinstance(field, models.DateField):
            columns.append(Column(name, title, name, Kind.DAY, width=12, is_listed=False))
        elif isinstance(field, models.BooleanField):
            say = _saying({True: _("yes"), False: _("no")})
            columns.append(Column(name, title, name, say=say, width=8, is_listed=False))
        elif isinstance(field, models.IntegerField):
            columns.append(Column(name, title, name, Kind.WHOLE, is_listed=False))
        else:
            columns.append(_beside(name, title, name, width=24 if "code" in name else 18))
    return columns


def _beside(name: str, title: str, source: str | Combinable, width: int = 14) -> Column:
    return Column(name, title, source, width=width, is_listed=False)


def _money(name: str, title: str) -> Column:
    return Column(name, title, name, Kind.MONEY)


def _badge(name: str, title: str) -> Column:
    return Column(
        name, title, name, say=_saying({code.value: badge_label(code) for code in BadgeColour}), width=10
    )


def _choice(model: type[models.Model], name: str, title: str, *, is_listed: bool = True) -> Column:
    choices: Any = model._meta.get_field(name).choices  # type: ignore[union-attr]  # never a reverse relation
    words = {code: str(word) for code, word in choices}
    return Column(name, title, name, say=_saying(words), is_listed=is_listed)


def _saying(words: Mapping[Any, str]) -> Say:
    """A code in words; what has no word, such as an empty one, is an empty cell."""
    return dict(words).get


def _in_readers_language(place: str) -> str | Combinable:
    if get_language() != "en":
        return f"{place}__name_zh"
    return Case(
        When(**{f"{place}__name_en": ""}, then=F(f"{place}__name_zh")), default=F(f"{place}__name_en")
    )


def _plan(year: int) -> Subquery:
    plans = AnnualPlan.objects.filter(project=OuterRef("pk"), year=year).order_by("-version")
    return Subquery(plans.values("amount")[:1])


def _invested(year: int) -> Subquery:
    """By the latest accepted inspection; nothing where that was in another year."""
    latest = Inspection.objects.accepted().filter(project=OuterRef("pk")).order_by("-cycle_start")
    of_year = Case(When(cycle_start__year=year, then=F("ytd_investment")))
    return Subquery(latest.annotate(of_year=of_year).values("of_year")[:1])

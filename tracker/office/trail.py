"""The trail in words: who did what to which record, what stood there before and after."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import User
from tracker.audit.models import AuditEntry
from tracker.audit.values import NOT_SHOWN
from tracker.badges.models import Award
from tracker.calendars.periods import HalfMonth, NotAPeriod
from tracker.inspections.models import Cycle, Inspection
from tracker.library.inclusion.models import InclusionPaper, StatisticalFigure
from tracker.library.inclusion.words import paper_label
from tracker.library.models import AnnualPlan, Enterprise, Project
from tracker.library.rules import with_masked_phones
from tracker.library.words import cycle_label, half_month_label, known_day, wan

# Fields that are nowhere else shown to people, and what those who record something by hand call things.
LABELS = {
    "account": _("account"),
    "added": _("added"),
    "added_at": _("added at"),
    "address": _("IP address"),
    "badge": _("badge"),
    "client_address": _("IP address"),
    "closed_by": _("closed by"),
    "content": _("content of the file"),
    "counts": _("counts"),
    "earned": _("badge before the history step"),
    "edition": _("edition"),
    "email": _("mail address"),
    "factors": _("second factors"),
    "field": _("field"),
    "fields": _("fields"),
    "figures": _("figures"),
    "file": _("file"),
    "filters": _("filters"),
    "format": _("format"),
    "kind": _("kind"),
    "inputs_digest": _("fingerprint of what was judged"),
    "list": _("list"),
    "made_at": _("made at"),
    "made_by": _("made by"),
    "meets_gold": _("meets gold"),
    "month_only": _("known to the month only"),
    "name": _("name"),
    "parked_at": _("set aside at"),
    "recovery_codes": _("recovery codes"),
    "reminders_settled": _("reminders settled"),
    "removed": _("removed"),
    "rows": _("rows"),
    "sessions": _("sessions"),
    "sha256": _("fingerprint of the file"),
    "summaries_settled": _("monthly summaries settled"),
    "until": _("until"),
    "updated_at": _("last saved at"),
    "updated_by": _("last saved by"),
    "uploaded_by": _("handed in by"),
    "version": _("version"),
    "what": _("what"),
    "withdrawn": _("mails withdrawn"),
    "withdrawn_at": _("withdrawn at"),
}
# The codes that those entries hold, in words.
VALUES = {
    "mailed_code": _("code sent by mail"),
    "my data": _("own personal data"),
    "password": _("password"),
    "recovery_codes": _("recovery codes"),
    "second_factor": _("second factor"),
    "totp": _("app with codes"),
    "webauthn": _("security key or passkey"),
}
# What stands under these names is itself the name of a field.
NAMES_FIELDS = frozenset({"field", "fields"})
NOTHING: tuple[Any, ...] = (None, "", [], {})
# What a record is called is often told by what it belongs to.
WITH = {
    "annualplan": ("project",),
    "answeredwarning": ("project", "enterprise"),
    "award": ("project",),
    "countysettings": ("county",),
    "differenceexplanation": ("figure__project",),
    "inclusionpaper": ("project",),
    "paperfile": ("paper__project",),
    "statisticalfigure": ("project",),
    "enterpriseyear": ("enterprise",),
    "inspection": ("project",),
    "monthlysummary": ("county",),
    "planningsheet": ("project",),
    "stagechange": ("project",),
    "totalchange": ("project",),
}


ROWS_WRITTEN = frozenset({AuditEntry.Act.CREATED, AuditEntry.Act.CHANGED, AuditEntry.Act.DELETED})


@dataclass(frozen=True)
class Change:
    """One field: what stood there before and what stands there now, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Line:
    """One entry in words."""

    entry: AuditEntry
    who: str
    kind: str
    record: str
    url: str
    changes: list[Change]

    @property
    def at(self) -> str:
        """The moment in Shanghai, to the second."""
        moment = localtime(self.entry.at)
        return f"{date_format(moment, 'DATE_FORMAT')} {moment:%H:%M:%S}"

    @property
    def is_change(self) -> bool:
        """Whether a row was written, rather than something done that only has circumstances."""
        return self.entry.act in ROWS_WRITTEN

    @property
    def opens(self) -> bool:
        """Whether the changes show at once: few ones do."""
        return self.entry.act == AuditEntry.Act.CHANGED and len(self.changes) <= 3


@dataclass(frozen=True)
class Compared:
    """One fact in words: how it stood on a day, and how it stands now."""

    name: str
    label: str
    then: str
    now: str
    is_different: bool
    # Whether there was something to say at one of the two moments.
    is_told: bool


def compared(
    model: type[Model], names: Iterable[str], then: Mapping[str, Any], now: Mapping[str, Any]
) -> list[Compared]:
    """A row's values at two moments, as the trail keeps them, in words; telephone numbers in texts masked."""
    listed = list(names)
    about = AuditEntry(
        table=model._meta.model_name or "",
        before={name: then.get(name) for name in listed},
        after={name: now.get(name) for name in listed},
    )
    known = _names([about])

    def said(values: Mapping[str, Any], name: str) -> str:
        value = values.get(name)
        kind = _field(model, name).get_internal_type()
        if value and kind == "DateField":
            if name == "cycle_start":
                return cycle_label(date.fromisoformat(value))
            return known_day(date.fromisoformat(value), name in (values.get("month_only") or ()))
        if value is not None and kind == "DecimalField":
            return wan(Decimal(value))
        return with_masked_phones(_value(model, name, value, known))

    return [
        Compared(
            name,
            _label(model, name),
            said(then, name),
            said(now, name),
            is_different=(then.get(name) or None) != (now.get(name) or None),
            is_told=then.get(name) not in NOTHING or now.get(name) not in NOTHING,
        )
        for name in listed
    ]


def tell(entries: Iterable[AuditEntry], reader: User) -> list[Line]:
    """Entries in the reader's words; the same few queries for one and for fifty."""
    listed = list(entries)
    records = _records(listed, reader)
    names = _names(listed)
    return [_line(entry, records, names) for entry in listed]


def _line(
    entry: AuditEntry, records: dict[tuple[str, str], Model], names: dict[tuple[type[Model], str], str]
) -> Line:
    record = records.get((entry.table, entry.row))
    model = _model(entry.table)
    return Line(
        entry=entry,
        who=_who(entry),
        kind=str(model._meta.verbose_name) if model else entry.table,
        record=_called(record) if record is not None else "",
        url=_url(record),
        changes=_changes(entry, model, names),
    )


def _who(entry: AuditEntry) -> str:
    if entry.actor is not None:
        return str(entry.actor)
    if entry.system:
        return system_in_words(entry.system)
    return gettext("nobody signed in")


def system_in_words(words: str) -> str:
    """ "system, policy default-1, cycle 2026-10-H2" as people say it."""
    told = []
    for part in words.split(", "):
        kind, _space, name = part.partition(" ")
        match kind:
            case "system":
                told.append(gettext("the system"))
            case "policy":
                told.append(gettext("rule %(name)s") % {"name": name})
            case "cycle":
                told.append(_half_month(name))
            case "command":
                told.append(gettext("command %(name)s") % {"name": name})
            case "inclusion":
                told.append(gettext("inclusion follows total and start"))
            case "task":
                told.append(gettext("job %(name)s") % {"name": name})
            case _:
                told.append(part)
    return " · ".join(told)


def _half_month(code: str) -> str:
    try:
        return half_month_label(HalfMonth.parse(code))
    except NotAPeriod:
        return code


# --- which record ---


def _model(table: str) -> type[Model] | None:
    try:
        return apps.get_model("tracker", table) if table else None
    except LookupError:
        return None


def _records(entries: list[AuditEntry], reader: User) -> dict[tuple[str, str], Model]:
    """The rows that the entries are about, as far as they are still there and the reader sees them."""
    wanted: dict[str, set[str]] = {}
    for entry in entries:
        wanted.setdefault(entry.table, set()).add(entry.row)
    found: dict[tuple[str, str], Model] = {}
    for table, rows in wanted.items():
        model = _model(table)
        if model is None:
            continue
        numbers = [row for row in rows if model._meta.pk.get_internal_type() == "CharField" or row.isdigit()]
        seen: Any = model._default_manager
        seen = seen.visible_to(reader).filter(pk__in=numbers).select_related(*WITH.get(table, ()))
        found |= {(table, str(row.pk)): row for row in seen}
    return found


def _called(record: Model) -> str:
    match record:
        case Inspection() | Award():
            return f"{record.project}, {cycle_label(record.cycle_start)}"
        case Cycle():
            return cycle_label(record.start)
        case InclusionPaper():
            return f"{record.project}, {paper_label(record.kind)}"
        case AnnualPlan():
            return f"{record.project}, {record.year}"
        case _:
            return str(record)


def _url(record: Model | None) -> str:
    match record:
        case Project():
            return reverse("office:project", args=[record.pk])
        case Enterprise():
            return reverse("office:enterprise", args=[record.pk])
        case Inspection() | Award() | AnnualPlan():
            return reverse("office:project", args=[record.project_id])
        case InclusionPaper():
            return reverse("office:papers", args=[record.project_id])
        case StatisticalFigure():
            return reverse("office:project_figures", args=[record.project_id])
        case _:
            return ""


# --- what stood there ---


def _changes(
    entry: AuditEntry, model: type[Model] | None, names: dict[tuple[type[Model], str], str]
) -> list[Change]:
    order = [field.name for field in model._meta.concrete_fields] if model else []
    place = {name: number for number, name in enumerate(order)}
    shown = sorted({**entry.before, **entry.after}, key=lambda name: (place.get(name, len(order)), name))
    return [
        Change(
            label=_label(model, name),
            before=_value(model, name, entry.before.get(name), names),
            after=_value(model, name, entry.after.get(name), names),
        )
        for name in shown
    ]


def _field(model: type[Model] | None, name: str) -> Any:
    fields = {field.name: field for field in model._meta.concrete_fields} if model else {}
    return fields.get(name)


def _label(model: type[Model] | None, name: str) -> str:
    field = _field(model, name)
    if name in LABELS and (field is None or field.verbose_name == name.replace("_", " ")):
        return str(LABELS[name])
    return str(field.verbose_name) if field is not None else name


def _value(
    model: type[Model] | None, name: str, value: Any, names: dict[tuple[type[Model], str], str]
) -> str:
    field = _field(model, name)
    if value in NOTHING:
        return "–"
    if value == NOT_SHOWN:
        return gettext("not shown")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if field is not None and field.is_relation:
        return names.get((field.related_model, str(value)), f"#{value}")
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if name in NAMES_FIELDS and field is None:
        fields = value if isinstance(value, list) else [value]
        return gettext(", ").join(_label(model, str(one)) for one in fields)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return gettext(", ").join(str(VALUES.get(one, one)) for one in value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    if field is None and value in VALUES:
        return str(VALUES[value])
    return _moment(field.get_internal_type() if field is not None else "", str(value))


def _moment(kind: str, text: str) -> str:
    try:
        if kind == "DateField":
            return date_format(date.fromisoformat(text), "DATE_FORMAT")
        if kind == "DateTimeField":
            return date_format(localtime(datetime.fromisoformat(text)), "DATETIME_FORMAT")
    except ValueError:
        return text
    return text


def _names(entries: list[AuditEntry]) -> dict[tuple[type[Model], str], str]:
    """What the other records are called that the entries' values point to."""
    pointed: dict[Any, set[str]] = {}
    for entry in entries:
        model = _model(entry.table)
        for field in model._meta.concrete_fields if model else ():
            if field.is_relation:
                ids = {entry.before.get(field.name), entry.after.get(field.name)} - {None}
                pointed.setdefault(field.related_model, set()).update(str(number) for number in ids)
    named: dict[tuple[type[Model], str], str] = {}
    for related, ids in pointed.items():
        rows = related._default_manager.filter(pk__in=ids) if ids else ()
        named |= {(related, str(row.pk)): str(row) for row in rows}
    return named

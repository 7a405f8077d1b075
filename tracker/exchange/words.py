"""What is found in a table, in the words of whoever reads it: what is wrong, where, and what to do."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import User
from tracker.calendars.periods import HalfMonth
from tracker.exchange.archive import UnreadableFile
from tracker.exchange.queries import Change, HalfMonthTakesNoTable
from tracker.exchange.rules import Field, Note
from tracker.inspections.models import Inspection
from tracker.library.models import Enterprise, InclusionState, Project, Stage
from tracker.library.rules import masked_phone, with_masked_phones
from tracker.library.words import half_month_label

MODELS: Mapping[str, type[models.Model]] = {
    "enterprise": Enterprise,
    "project": Project,
    "inspection": Inspection,
}
FIELDS: Mapping[str, Promise] = {
    Field.ENTERPRISE: _("enterprise"),
    Field.CREDIT_CODE: _("unified social credit code"),
    Field.PROJECT: _("project"),
    Field.PLANNED_TOTAL: _("planned total (万元)"),
    Field.CUMULATIVE: _("investment since the start (万元)"),
    Field.YTD: _("investment this year (万元)"),
    Field.PROGRESS: _("progress (%)"),
    "annual_plan": _("annual plan (万元)"),
    "month_only": _("dates known to the month only"),
}

# What a column can mean, as a person chooses it.
COLUMNS: Mapping[Field, Promise] = {
    Field.NUMBER: _("number in the list"),
    Field.ENTERPRISE: _("enterprise"),
    Field.CREDIT_CODE: _("unified social credit code"),
    Field.TOWNSHIP: _("township or park"),
    Field.CHAIN: _("industrial chain"),
    Field.INDUSTRY: _("industry code"),
    Field.RUNG: _("grade of the enterprise"),
    Field.PROJECT: _("project"),
    Field.PROJECT_CODE: _("project code"),
    Field.NATURE: _("construction nature"),
    Field.PLANNED_TOTAL: _("planned total (万元)"),
    Field.PLANNED_EQUIPMENT: _("of which equipment (万元)"),
    Field.ANNUAL_PLAN: _("annual plan (万元)"),
    Field.FILED: _("filed on"),
    Field.PLANNED_START: _("planned start"),
    Field.STARTED: _("started on"),
    Field.PLANNED_COMPLETION: _("planned completion"),
    Field.COMPLETED: _("completed on"),
    Field.CUMULATIVE: _("investment since the start (万元)"),
    Field.YTD: _("investment this year (万元)"),
    Field.PROGRESS: _("progress (%)"),
    Field.PROGRESS_NOTE: _("progress in words"),
    Field.INCLUSION: _("inclusion in statistics"),
    Field.INCLUDED: _("included on"),
    Field.PROBLEM: _("open problem"),
    Field.RESPONSIBLE: _("responsible person"),
    Field.CONTACT: _("contact"),
    Field.PHONE: _("phone"),
    Field.REMARK: _("in one sentence"),
}

# Values that are the code of a half-month.
NAMES_HALF_MONTH = frozenset({"half_month", "named_half_month"})
# Why a file or a half-month is not taken, with the remedy.
REFUSALS: Mapping[str, Promise] = {
    "file_too_large": _(
        "The file is larger than %(most)s MB. Remove pictures and other sheets, then save it again."
    ),
    "file_empty": _("The file is empty. Choose the saved workbook."),
    "is_locked": _(
        "The file is protected by a password. Remove the password in Excel or WPS, save it and hand it in "
        "again."
    ),
    "not_a_workbook": _(
        "This is no table, whatever its name says. Open it in Excel or WPS, choose “Save as” and the type "
        ".xlsx."
    ),
    "is_xlsb": _(
        "This is a binary workbook (.xlsb). Open it in Excel or WPS, choose “Save as” and the type .xlsx."
    ),
    "is_ods": _(
        "This is an OpenDocument table (.ods). Open it in LibreOffice or WPS, choose “Save as” and the type "
        ".xlsx."
    ),
    "is_document": _(
        "This is a text or a presentation, not a table. Copy the table into a new workbook and save it as "
        ".xlsx."
    ),
    "is_pdf": _("This is a PDF. Ask for the workbook that it was made from, and hand that in."),
    "is_picture": _("This is a picture. Ask for the workbook that it shows, and hand that in."),
    "is_page": _(
        "This is a web page or XML under the name of a workbook, as some systems export it. Open it in Excel "
        "or WPS, choose “Save as” and the type .xlsx."
    ),
    "is_utf16": _(
        "This text is kept as UTF-16. Open it in Excel or WPS, choose “Save as” and the type “CSV UTF-8” or "
        ".xlsx."
    ),
    "quotes_broken": _(
        "From row %(row)s on the quotation marks do not match, so the columns cannot be told apart. Save the "
        "table as .xlsx, or correct the row."
    ),
    "unknown_unit": _(
        "The note above the table names the unit %(unit)s. Only 元, 千元, 万元 and 亿元 are read: convert "
        "the figures, or correct the note."
    ),
    "file_broken": _(
        "The file is damaged. Open it in Excel or WPS, save it again as .xlsx and hand in the new file."
    ),
    "unpacks_too_large": _(
        "Unpacked, the file is larger than %(most)s MB. Copy the table alone into a new workbook and hand "
        "that in."
    ),
    "too_many_cells": _(
        "The workbook holds too many cells; a table has up to %(most)s rows. Copy the table alone into a new "
        "workbook and hand that in."
    ),
    "too_many_rows": _(
        "A table has up to %(most)s rows, but row %(row)s holds something too. Delete what stands below "
        "the table, "
        "or hand it in in parts."
    ),
    "too_many_columns": _(
        "A table has up to %(most)s columns, but column %(column)s holds something too. Delete what stands "
        "beside "
        "the table."
    ),
    "no_table": _(
        "No sheet has a half-monthly table. Its head names at least the enterprise, its credit code, the "
        "project, "
        "planned total, investment since the start and this year, and progress."
    ),
    "columns_missing": _(
        "The table on sheet “%(sheet)s” (head in row %(row)s) lacks these columns: %(missing)s. Add them "
        "and hand it "
        "in again."
    ),
    "columns_missing_csv": _(
        "The table (head in row %(row)s) lacks these columns: %(missing)s. Add them and hand it in again."
    ),
    "no_rows_csv": _("The table has nothing under its head in row %(row)s. Fill in the projects."),
    "no_rows": _(
        "The table on sheet “%(sheet)s” has nothing under its head in row %(row)s. Fill in the projects."
    ),
    "figures_of_other_year": _(
        "The column “%(head)s” is not of %(year)s. Choose the half-month that the table is of, or correct "
        "the head."
    ),
    "no_half_month": _(
        "The table does not say of which half-month it is. Choose the half-month, or write for example "
        "“调度时点：2026年10月31日” above the table."
    ),
    "half_month_ahead": _(
        "The %(half_month)s is not over: a table holds the figures of its last day. Choose the half-month "
        "that the table is of."
    ),
    "half_month_skipped": _(
        "The %(half_month)s is skipped in this county: no figures are kept for it. Choose another one."
    ),
}

# What is wrong in a row: it is left out until it is corrected.
ERRORS: Mapping[str, Promise] = {
    "missing": _("The cell is empty. Fill it in."),
    "too_long": _("The text is longer than %(most)s signs. Shorten it."),
    "not_a_date": _("This is no date. Write it like 2026-03-15, or 2026年3月 when the day is not known."),
    "formula_without_value": _(
        "The formula here has no result that can be read. Correct it; or open the file in Excel or WPS, save "
        "it and hand it in again; or type the value."
    ),
    "january_or_october": _(
        "This number may mean January or October. Write the month like 2026年1月 or 2026年10月."
    ),
    "not_an_amount": _("This is no amount. Write digits alone, for example 1212.50."),
    "negative_amount": _("An amount cannot be negative. Correct the figure."),
    "amount_too_large": _("The amount is too large. Check the unit in the head of the column."),
    "not_a_percentage": _("This is no percentage between 0 and 100. Correct the figure."),
    "unknown_nature": _("This construction nature is not known. Use one of: %(known)s."),
    "unknown_rung": _("This kind of enterprise is not known. Use one of: %(known)s."),
    "unknown_inclusion": _("This state of inclusion is not known. Use one of: %(known)s."),
    "not_a_project_code": _(
        "This is no project code: it has 20 digits like 2101-371591-04-01-436244. Copy it from the filing."
    ),
    "not_a_credit_code": _(
        "This is no unified social credit code: 18 signs, the last one checks the others. Copy it from the "
        "licence."
    ),
    "enterprise_elsewhere": _(
        "An enterprise with this code is registered in another county. Check the code, or ask the "
        "administrator to "
        "move it."
    ),
    "project_elsewhere": _("A project with this code is registered in another county. Check the code."),
    "project_of_other": _(
        "This project code belongs to another enterprise of the county, %(enterprise)s. Check both codes."
    ),
    "enterprise_merged": _(
        "The enterprise with this code was merged into %(enterprise)s. Write its name and its code, "
        "%(credit_code)s."
    ),
    "project_merged": _(
        "The project with this code was merged into %(project)s. Write that one's name and code."
    ),
    "name_of_several": _("The enterprise has several projects of this name. Fill in the project code."),
    "twice_in_table": _("This project stands in row %(first)s already. Keep one of the two rows."),
    "year_above_total": _(
        "This year’s investment is above the investment since the start. Correct one of them."
    ),
    "completed_before_start": _("The completion lies before the start. Correct one of the dates."),
    "half_month_closed_here": _(
        "The half-month is closed and has other figures for this project. Have it reopened, or keep the "
        "figures."
    ),
}

# What is possible but worth a second look: it is taken as it stands.
WARNINGS: Mapping[str, Promise] = {
    "no_project_code": _("Without a project code the project is recognised by its name alone."),
    "check_digit": _("The last digit of the project code does not fit the others; it may be mistyped."),
    "not_an_industry": _("This is no industry code of GB/T 4754; the industry is left as it is."),
    "new_township": _("This township or park is new to the county; it is added. Check its name."),
    "new_industry": _("This industry code is new to the library; it is added without a name."),
    "share_or_percentage": _(
        "Taken as per cent as it stands. If a share of one was meant, write it as per cent."
    ),
    "equipment_above_total": _("Equipment is above the planned total."),
    "start_after_cut_off": _("The start lies after the cut-off."),
    "completion_after_cut_off": _("The completion lies after the cut-off."),
    "start_before_filing": _("The start lies before the filing."),
    "planned_end_before_start": _("The planned completion lies before the planned start."),
    "stage_without_start": _("The words tell of work, but there is no date of the start."),
    "start_without_stage": _("There is a date of the start, but the words tell of preparations."),
    "finished_below_hundred": _("Completed, but the progress is below 100 %."),
    "figures_before_start": _("Money is invested although the project has not started."),
    "included_after_cut_off": _("The inclusion lies after the cut-off; it counts from that day on."),
    "included_without_date": _("Included, but without a date."),
    "date_without_inclusion": _(
        "There is a date of inclusion, but the project is not included; the date is left out."
    ),
    "over_planned_total": _("The investment is more than 5 % above the planned total."),
    "investment_fell": _("The investment since the start is lower than last time."),
    "year_fell": _("This year’s investment is lower than last time."),
    "progress_fell": _("The progress is lower than last time."),
    "progress_jumped": _("The progress is more than 30 points above last time."),
    "enterprise_differs": _(
        "The enterprise is described differently in row %(first)s; what stands there is taken."
    ),
    "inspector_of_several": _("Several inspectors have this name; the project is given to none of them."),
}

# What concerns the table as a whole.
NOTES: Mapping[str, Promise] = {
    "other_half_month": _(
        "The table says that it is of the %(named_half_month)s, but it is being taken for the %(half_month)s."
    ),
    "other_county": _("The title names %(named)s, not %(county)s. Check whether this is the right table."),
    "no_unit": _("The table names no unit; amounts are taken as 万元."),
    "half_month_closed": _(
        "The %(half_month)s is closed: inspections that are missing can be added, none can be changed."
    ),
    "other_sheet": _("Sheet “%(sheet)s” is read. Sheet “%(other)s” has a table too and is left out."),
    "stopped_by_changes": _(
        "%(count)s rows would change what is in the library, and the table was handed in to take nothing "
        "then. Correct them, or choose another way below."
    ),
    "stopped_by_errors": _(
        "%(count)s rows are wrong, and the table was handed in to take nothing then. Correct them, or choose "
        "another way below."
    ),
    "columns_not_read": _("These columns are left out: %(heads)s."),
}

# Why the background could not finish, with the remedy.
TROUBLES: Mapping[str, Promise] = {
    "library_changed": _(
        "Something else was written meanwhile, so nothing was taken. Look at the preview again."
    ),
    "half_month_closed": _("The half-month was closed meanwhile, so nothing was taken."),
    "stopped": _("Nothing was taken: rows differ from the library, or are wrong."),
    "touched": _("It was not undone: something was done since to what the table has brought."),
    "worker_failed": _(
        "The work was begun several times and never finished; nothing was taken. Hand the table in again in "
        "parts, and tell the administrator."
    ),
}

LEFT_OUT: Mapping[str, Promise] = {
    "total": _("total"),
    "note": _("note"),
    "section": _("heading"),
    "head": _("repeated head"),
    "empty": _("numbered, but empty"),
}


def refusal(refused: UnreadableFile | HalfMonthTakesNoTable) -> str:
    """Why a file is not taken, and what to do."""
    values = dict(refused.values_named)
    # A CSV has no sheets to be called by their names.
    code = f"{refused.code}_csv" if values.get("sheet") == "" else refused.code
    if "missing" in values:
        names = [str(FIELDS[name]) for name in str(values["missing"]).split(",")]
        values["missing"] = gettext(", ").join(names)
    return _said(REFUSALS[code], values)


def trouble(kept: Mapping[str, Any]) -> str:
    """Why a hand-in was refused in the background, or has failed there."""
    code = kept.get("code", "")
    if code in TROUBLES:
        return str(TROUBLES[code])
    return refusal(UnreadableFile(code, **kept.get("values", {}))) if code in REFUSALS else ""


def remark(note: Note) -> str:
    """What is wrong or odd at a place, and what to do."""
    return _said({**ERRORS, **WARNINGS, **NOTES}[note.code], dict(note.values))


def _said(sentence: Promise, values: Mapping[str, Any]) -> str:
    if not values:
        return str(sentence).replace("%%", "%")
    return str(sentence) % {
        name: half_month_label(HalfMonth.parse(value)) if name in NAMES_HALF_MONTH else value
        for name, value in values.items()
    }


def table_label(table: str) -> str:
    """What a record of a table is called."""
    return str(apps.get_model("tracker", table)._meta.verbose_name)


def field_label(change: Change) -> str:
    """What the changed value is called."""
    if change.field in FIELDS:
        return str(FIELDS[change.field])
    return _name_of(MODELS[change.subject], change.field)


def _name_of(model: type[models.Model], field: str) -> str:
    return str(model._meta.get_field(field).verbose_name)  # type: ignore[union-attr]  # never a reverse relation


def shown(change: Change, value: Any) -> str:
    """A value as a reader expects it."""
    choices: Mapping[str, Any] = {
        "stage": Stage,
        "inclusion_state": InclusionState,
        "nature": Project.Nature,
        "rung": Enterprise.Rung,
    }
    if value in (None, "", []):
        return "–"
    if change.field == Field.PHONE:
        return masked_phone(str(value))
    if change.field in (Field.CONTACT, Field.RESPONSIBLE):
        return with_masked_phones(str(value))
    if change.field in choices:
        return str(choices[change.field](value).label)
    if change.field == "month_only":
        return gettext(", ").join(_name_of(Project, name) for name in value)
    if isinstance(value, Decimal):
        return number_format(value, 2, use_l10n=True, force_grouping=True)
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    return str(value.name if isinstance(value, User) else value)

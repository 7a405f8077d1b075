"""Writes remarks beside the rows of a workbook, in a process of its own that may neither grow nor last.

The workbook keeps its layout and its formats. What could compute, fetch or lead elsewhere does not come back
with it: formulas are replaced by their results, links and rules are left out, telephone numbers are masked.
"""

import io
import json
import re
import resource
import sys
from copy import copy
from typing import Any

from openpyxl import load_workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from tracker.library.rules import masked_phone, with_masked_phones

MEMORY = 400 * 1024 * 1024
SECONDS = 20
REMARK_WIDTH = 60
_MOBILE = re.compile(r"1[3-9][0-9]{9}")


def annotated(content: bytes, wish: dict[str, Any]) -> bytes:
    """The workbook with the wished remarks in a column behind the last one of the table."""
    book = load_workbook(io.BytesIO(content), data_only=True, keep_links=False)
    book.defined_names.clear()
    for sheet in book.worksheets:
        sheet.conditional_formatting = type(sheet.conditional_formatting)()
        sheet.data_validations.dataValidation = []
        sheet.defined_names.clear()
        is_table = sheet.title == wish["sheet"]
        for row in sheet.iter_rows():
            for cell in row:
                _make_inert(cell, wish if is_table else {})
        if is_table:
            _write_remarks(sheet, wish)
    answer = io.BytesIO()
    book.save(answer)
    return answer.getvalue()


def _make_inert(cell: Any, wish: dict[str, Any]) -> None:
    if cell.value is None:
        return
    if cell.hyperlink is not None:
        cell.hyperlink = None
    is_phone = cell.column - 1 in wish.get("phones", ())
    is_figure = cell.column - 1 in wish.get("figures", ())
    if isinstance(cell.value, (int, float)) and not isinstance(cell.value, bool):
        digits = f"{cell.value:.0f}"
        if is_phone or (not is_figure and _MOBILE.fullmatch(digits)):
            cell.value = masked_phone(digits)
    elif isinstance(cell.value, str):
        _keep_text(
            cell,
            masked_phone(cell.value) if is_phone and _is_data(cell, wish) else with_masked_phones(cell.value),
        )


def _is_data(cell: Any, wish: dict[str, Any]) -> bool:
    return bool(cell.row >= wish["head_row"] + wish["head_height"])


def _keep_text(cell: Any, text: str) -> None:
    """Text stays text: "=1+1" must not become a formula."""
    cell.value = text
    cell.data_type = "s"
    if text.startswith(("=", "+", "-", "@")):
        cell.quotePrefix = True


def _write_remarks(sheet: Any, wish: dict[str, Any]) -> None:
    column = wish["column"] + 1
    first, height = wish["head_row"], wish["head_height"]
    head = sheet.cell(first, column)
    beside = sheet.cell(first, max(1, column - 1))
    if beside.has_style:
        head._style = copy(beside._style)
    else:
        head.font = Font(bold=True)
    _keep_text(head, wish["head"])
    if height > 1:
        sheet.merge_cells(start_row=first, end_row=first + height - 1, start_column=column, end_column=column)
    sheet.column_dimensions[get_column_letter(column)].width = REMARK_WIDTH
    for number, text in wish["remarks"].items():
        cell = sheet.cell(int(number), column)
        _keep_text(cell, text)
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def main() -> int:
    """A line of wishes and the workbook come in; the workbook goes out."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    wish = json.loads(sys.stdin.buffer.readline())
    try:
        sys.stdout.buffer.write(annotated(sys.stdin.buffer.read(), wish))
    except Exception:  # whatever is odd about the workbook, its remarks are given back in another one
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

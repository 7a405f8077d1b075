"""Why a file is no photo or no paper, in the words of whoever handed it in."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracker.uploads.rules import UnusableFile, UnusablePaper

REFUSALS: Mapping[str, Promise] = {
    "empty": _("The file is empty. Choose the photo again."),
    "too_large": _("The file is larger than %(most)s MB. Send a smaller copy of the photo."),
    "not_a_photo": _(
        "This is not a photo, whatever its name says. Photos are JPEG, PNG or WebP files; take the photo "
        "again or save it as JPEG."
    ),
    "heic": _(
        "This is a HEIC photo, which cannot be read here. On an iPhone choose Settings › Camera › Formats › "
        "“Most Compatible” and take it again, or save the photo as JPEG and send that."
    ),
    "broken": _("The photo is damaged or only a part of it has arrived. Send it again, or save it as JPEG."),
    "moving": _("This is a moving picture. Send a single photo."),
    "too_many_pixels": _("The photo has more than %(most)s million pixels. Send a smaller copy of it."),
    "too_small": _("The photo is less than %(least)s pixels wide or high: nothing can be seen on it."),
}


PAPER_REFUSALS: Mapping[str, Promise] = {
    "empty": _("The file is empty. Choose the paper again."),
    "too_large": _(
        "The file is larger than %(most)s MB. Scan it with fewer dots per inch, or hand it in in parts."
    ),
    "not_a_paper": _(
        "This file is neither a PDF, nor a photo (JPEG, PNG, WebP), nor a Word (.docx) or Excel (.xlsx) "
        "file, whatever its name says. Save or print it as PDF and send that."
    ),
    "old_or_locked": _(
        "This is an old .doc or .xls file, or one protected by a password. Open it, take the password off, "
        "save it as PDF, .docx or .xlsx and send that."
    ),
    "broken": _(
        "The file is damaged or only a part of it has arrived. Open it, save it again and send that."
    ),
    "carries_something": _(
        "The file carries a program or another file inside. Print it as PDF and send that."
    ),
    "unpacks_too_large": _("Unpacked, the file is larger than %(most)s MB. Print it as PDF and send that."),
}


def refusal(refused: UnusableFile) -> str:
    """Why the file is not taken, and what to do."""
    sentences = PAPER_REFUSALS if isinstance(refused, UnusablePaper) else REFUSALS
    return str(sentences[refused.code]) % refused.values_named

"""Why a file is no photo, in the words of whoever handed it in."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracker.photos.rules import UnusablePhoto

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


def refusal(refused: UnusablePhoto) -> str:
    """Why the file is not taken, and what to do."""
    return str(REFUSALS[refused.code]) % refused.values_named

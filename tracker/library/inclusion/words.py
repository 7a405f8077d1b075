"""Papers, their states and what is odd about them, in the reader's words."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracker.library.inclusion.rules import PaperKind, PaperState

KINDS: Mapping[PaperKind, Promise] = {
    PaperKind.FILING: _("Filing document"),
    PaperKind.CONSTRUCTION_CONTRACT: _("Construction contract"),
    PaperKind.SITE_PHOTOS: _("Site photos with date"),
    PaperKind.LICENCE: _("Licence"),
    PaperKind.APPLICATION_FORM: _("Application form H202"),
    PaperKind.PLATFORM_PAGE: _("Page of the online platform"),
    PaperKind.PURCHASE_CONTRACT: _("Purchase contract"),
    PaperKind.PAYMENT_VOUCHER: _("Payment voucher"),
    PaperKind.EQUIPMENT_PHOTO: _("Photo of the equipment in place"),
}
STATES: Mapping[PaperState, Promise] = {
    PaperState.MISSING: _("missing"),
    PaperState.RECEIVED: _("received"),
    PaperState.NOT_NEEDED: _("not needed"),
}
ODDITIES: Mapping[str, Promise] = {
    "other_party": _("Party A of the contract is not the enterprise that filed the project."),
    "other_total": _("The total on this paper is not the planned total of the filing."),
    "contract_above_total": _("The contract is about more than the planned total."),
    "before_filing": _("The contract is dated before the filing."),
}
CONTRADICTIONS: Mapping[str, Promise] = {
    "parts_do_not_add_up": _(
        "Construction, installation, equipment and other do not add up to the investment this year."
    ),
    "used_above_equipment": _("Used equipment is a part of the equipment: it cannot be more."),
}


def paper_label(kind: str) -> str:
    """A kind of paper in words."""
    return str(KINDS[PaperKind(kind)])


def paper_state_label(state: str) -> str:
    """What is known of a paper, in words."""
    return str(STATES[PaperState(state)])


def oddity(code: str) -> str:
    """What on a paper contradicts the filing, in words."""
    return str(ODDITIES[code])

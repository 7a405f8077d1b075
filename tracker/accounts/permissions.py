"""Who may do what to which row: every permission of the product in one place, to be read aloud.

A row's own people are those of its county, or of the township it lies in. Whoever works for a city or a
province reads their subtree and writes nothing. What somebody may not even see is kept from them by the
querysets' `visible_to`; here it is settled what they may do with what they see. A badge is in nobody's power:
there is no permission that gives one.

A permission that is asked without a row says whether there may be rows for which the person has it.
"""

from typing import Any

from rules.permissions import add_perm, has_perm, perm_exists
from rules.predicates import always_allow, predicate

from tracker.accounts import roles
from tracker.accounts.roles import Role

# A person's division works on rows at these levels; above them it reads.
WORKING_LEVELS = frozenset({"county", "township"})


class UnknownPermission(Exception):
    """A permission was asked for that the product does not have."""


def may(person: Any, act: str, row: Any = None) -> bool:
    """Whether the person may do this to the row, e.g. `may(li, "change_project", project)`."""
    if not perm_exists(act):
        raise UnknownPermission(act)
    return bool(person.is_active and has_perm(act, person, row))


def _is_among(those: frozenset[Role]) -> Any:
    """Whether the person has one of these roles."""
    return predicate(lambda person: person.role in those, name=" or ".join(sorted(those)))


def _of_project(row: Any) -> Any:
    """The row that says where the row lies: an inspection's, a plan's or a badge's project, else itself."""
    return getattr(row, "project", row)


@predicate
def works_in_a_county(person: Any) -> bool:
    """Whether the person's division is a county or a part of one."""
    return person.division is not None and person.division.level in WORKING_LEVELS


@predicate
def lies_in_their_place(person: Any, row: Any) -> bool:
    """Whether the row is of the county or the township that the person works for."""
    if row is None:
        return works_in_a_county(person)
    place = _of_project(row)
    return works_in_a_county(person) and person.division_id in (place.county_id, place.township_id)


@predicate
def is_of_their_county(person: Any, row: Any) -> bool:
    """Whether the person works for the row's county as a whole, not for one township of it."""
    is_of_a_county = person.division is not None and person.division.level == "county"
    return is_of_a_county and (row is None or row.county_id == person.division_id)


@predicate
def answers_for_it(person: Any, row: Any) -> bool:
    """Whether the project is in the person's name."""
    return row is None or _of_project(row).inspector_id == person.pk


@predicate
def answers_for_a_project_of_it(person: Any, row: Any) -> bool:
    """Whether a project of the enterprise is in the person's name, or it has no project yet."""
    return row is None or row.projects.filter(inspector=person).exists() or not row.projects.exists()


@predicate
def answers_for_the_record(person: Any, row: Any) -> bool:
    """Whether the project, or a project of the enterprise, is in the person's name."""
    if row is None or hasattr(row, "inspector_id"):
        return row is None or row.inspector_id == person.pk
    return bool(row.projects.filter(inspector=person).exists())


@predicate
def is_somebody_elses(person: Any, row: Any) -> bool:
    """Whether somebody else submitted it: who asks does not approve."""
    return row is None or row.inspector_id != person.pk


@predicate
def has_not_confirmed_it(person: Any, row: Any) -> bool:
    """Whether somebody else, or the close, confirmed the badge: nobody judges their own judgement."""
    return row is None or row.confirmed_by_id != person.pk


@predicate
def is_their_own(person: Any, row: Any) -> bool:
    """Whether the person has made it for themselves."""
    return row is None or row.owner_id == person.pk


@predicate
def is_shared(person: Any, row: Any) -> bool:
    """Whether it is there for everybody in the county."""
    return row is None or row.is_shared


@predicate
def is_of_their_enterprise(person: Any, row: Any) -> bool:
    """Whether the row is of the person's own enterprise, or is that enterprise."""
    if row is None:
        return person.enterprise_id is not None
    enterprise_id = getattr(row, "enterprise_id", row.pk)
    return person.enterprise_id is not None and enterprise_id == person.enterprise_id


inspects_it = _is_among(frozenset({Role.INSPECTOR})) & answers_for_it
leads = _is_among(roles.REVIEWING)

# --- what everybody of an audience may open ---
add_perm("be_here", always_allow)
add_perm("read_office", _is_among(roles.OFFICIALS))
add_perm("read_portal", _is_among(frozenset({Role.ENTERPRISE})))

# --- the library ---
add_perm("add_enterprise", _is_among(roles.KEEPING) & works_in_a_county)
add_perm(
    "change_enterprise",
    lies_in_their_place & (leads | (_is_among(roles.KEEPING) & answers_for_a_project_of_it)),
)
add_perm("add_project", _is_among(roles.KEEPING) & works_in_a_county)
add_perm("change_project", lies_in_their_place & (leads | inspects_it))
add_perm("merge_records", is_of_their_county & leads)
add_perm("set_inclusion", lies_in_their_place & _is_among(roles.INCLUDING))
add_perm("keep_papers", lies_in_their_place & (leads | inspects_it | _is_among(roles.INCLUDING)))
add_perm("explain_difference", lies_in_their_place & (leads | inspects_it | _is_among(roles.INCLUDING)))
add_perm("import_bureau_list", is_of_their_county & _is_among(roles.INCLUDING))
add_perm("export_list", _is_among(roles.OFFICIALS))
add_perm("import_table", _is_among(roles.IMPORTING) & is_of_their_county)
add_perm("assign_projects", lies_in_their_place & leads)
add_perm("reveal_phone", (leads | (_is_among(roles.KEEPING) & answers_for_the_record)) & lies_in_their_place)
add_perm("know_phone", _is_among(frozenset({Role.ENTERPRISE})) & is_of_their_enterprise)
add_perm("keep_photos", lies_in_their_place & (leads | inspects_it))

# --- saved views of lists ---
add_perm("save_view", _is_among(roles.OFFICIALS) & (is_their_own | (is_of_their_county & leads & is_shared)))
add_perm("share_view", is_of_their_county & leads)

# --- half-months, inspections, badges ---
add_perm("inspect_project", lies_in_their_place & (leads | inspects_it))
add_perm("review_inspections", lies_in_their_place & leads)
add_perm("decide_inspection", lies_in_their_place & leads & is_somebody_elses)
add_perm("keep_cycle", is_of_their_county & leads)
add_perm("decide_objection", lies_in_their_place & leads & has_not_confirmed_it)

# --- the three administrators ---
add_perm("administer", _is_among(roles.ADMINISTRATORS))
add_perm("administer_system", _is_among(roles.ADMINISTERING))
add_perm("administer_people", _is_among(roles.SECURING))
add_perm("read_trail", _is_among(roles.AUDITING))

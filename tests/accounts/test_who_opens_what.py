"""What holds for every page, drawn from the addresses themselves; who opens which is in test_matrix.py."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.accounts.test_matrix import PAGES as PAGES_OF_ROLES
from tests.accounts.test_matrix import REFUSED
from tests.factories import make_enterprise_user, make_official
from tracker.accounts.access import SignedIn
from tracker.accounts.roles import Role
from tracker.converters import CycleCode, MonthCode, RowId

# As in test_matrix: rules in Python.
pytestmark = [pytest.mark.django_db, pytest.mark.once]

EXAMPLES = {RowId: 999_999_999, CycleCode: "2026-10-H2", MonthCode: "2026-10"}


def pages(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str, type[SignedIn]]]:
    """Name, address and class of every page that asks who is there."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            namespace = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from pages(pattern, namespace)
            continue
        view = getattr(pattern.callback, "view_class", None)
        if view and issubclass(view, SignedIn):
            name = f"{prefix}{pattern.name}"
            yield name, address(name, pattern), view


def address(name: str, pattern: URLPattern) -> str:
    """An address of the page; what it names need not exist."""
    words = pattern.pattern.converters.items()
    return reverse(name, kwargs={word: EXAMPLES.get(type(kind), "example") for word, kind in words})


PAGES = list(pages(get_resolver()))
OFFICE = [page for page in PAGES if page[0].startswith("office:")]
PORTAL = [page for page in PAGES if page[0].startswith("portal:")]


def by_name(found: list[tuple[str, str, type[SignedIn]]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("name", "page", "view"), found, ids=[name for name, _, _ in found])


def signed_in_as(role: Role) -> Client:
    client = Client()
    client.force_login(make_enterprise_user() if role == Role.ENTERPRISE else make_official(role))
    return client


def test_both_audiences_have_pages():
    assert len(OFFICE) > 10
    assert len(PORTAL) >= 2


@by_name(PAGES)
def test_somebody_who_was_switched_off_is_a_stranger(name: str, page: str, view: type):
    client = Client()
    user = make_official(Role.TEAM_LEAD)
    client.force_login(user)
    user.is_active = False
    user.save()
    assert client.get(page)["Location"].startswith(reverse("account_login"))


@by_name(PAGES)
def test_a_page_of_a_signed_in_person_is_kept_by_no_cache(name: str, page: str, view: type[SignedIn]):
    role = next(role for role in Role if PAGES_OF_ROLES[name][role] != REFUSED)
    answer = signed_in_as(role).get(page)
    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]

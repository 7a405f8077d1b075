"""Every page against every kind of reader, drawn from the addresses themselves."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.factories import make_enterprise_user, make_official
from tracker.accounts.access import SignedIn
from tracker.accounts.roles import Role
from tracker.converters import CycleCode, MonthCode, RowId

pytestmark = pytest.mark.django_db

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
def test_a_stranger_is_led_to_the_sign_in_page_and_back(name: str, page: str, view: type, client: Client):
    answer = client.get(page)
    assert answer.status_code == 302
    assert answer["Location"] == f"{reverse('account_login')}?next={page}"


@by_name(PAGES)
def test_somebody_who_was_switched_off_is_a_stranger(name: str, page: str, view: type):
    client = Client()
    user = make_official(Role.TEAM_LEAD)
    client.force_login(user)
    user.is_active = False
    user.save()
    assert client.get(page)["Location"].startswith(reverse("account_login"))


@by_name(OFFICE)
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_enterprise_opens_no_page_of_officials(name: str, page: str, view: type, method: str):
    assert getattr(signed_in_as(Role.ENTERPRISE), method)(page).status_code == 403


@by_name(PORTAL)
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ENTERPRISE}))
def test_an_official_opens_no_page_of_enterprises(name: str, page: str, view: type, role: Role):
    assert signed_in_as(role).get(page).status_code == 403


@by_name(OFFICE)
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ENTERPRISE}))
def test_a_page_opens_for_the_roles_that_it_names_and_for_no_other(
    name: str, page: str, view: type[SignedIn], role: Role
):
    answer = signed_in_as(role).get(page)
    if role in view.roles:
        # What the address names does not exist, so 404 is as good as the page; some pages only take forms.
        assert answer.status_code in {200, 302, 404, 405}
    else:
        assert answer.status_code == 403


@by_name(PAGES)
def test_a_page_of_a_signed_in_person_is_kept_by_no_cache(name: str, page: str, view: type[SignedIn]):
    role = Role.ENTERPRISE if Role.ENTERPRISE in view.roles else sorted(view.roles)[0]
    answer = signed_in_as(role).get(page)
    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]

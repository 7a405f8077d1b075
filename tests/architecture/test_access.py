"""Who may open a page is settled before the page does anything."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tracker.accounts.access import Public, SignedIn

# Their pages look after themselves: Django's language switch, allauth's sign-in, and the admin.
FROM_OTHERS = ("django.", "allauth.")
# What may stand in an address: an id, a half-month, a month, a day, a word.
EXAMPLES = ("1", "2026-03-H1", "2026-03", "2026-03-01", "word")


def own_pages(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Each page of the product by its full name."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name == "admin":
                continue
            namespace = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from own_pages(pattern, namespace)
        elif not pattern.callback.__module__.startswith(FROM_OTHERS):
            yield f"{prefix}{pattern.name}", pattern


PAGES = dict(own_pages())


def view_class(pattern: URLPattern) -> type | None:
    return getattr(pattern.callback, "view_class", None)


def example_address(name: str, pattern: URLPattern) -> str:
    """An address of the page; what it names need not exist."""
    values = {
        word: converter.to_python(next(text for text in EXAMPLES if re.fullmatch(converter.regex, text)))
        for word, converter in pattern.pattern.converters.items()
    }
    return reverse(name, kwargs=values)


def test_there_are_pages_to_look_at():
    assert len(PAGES) > 5


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_an_access_class(name: str):
    view = view_class(PAGES[name])
    assert view is not None, "pages are classes"
    assert issubclass(view, (Public, SignedIn)), "derive it from the audience's access.py, or from Public"


@pytest.mark.parametrize("name", PAGES)
def test_access_is_settled_before_anything_else_runs(name: str):
    view = view_class(PAGES[name])
    if not issubclass(view, Public):
        first = next(parent for parent in view.__mro__ if "dispatch" in vars(parent))
        assert first is SignedIn


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_led_to_the_sign_in_page(name: str, method: str, client: Client):
    if issubclass(view_class(PAGES[name]), Public):
        return
    answer = getattr(client, method)(example_address(name, PAGES[name]))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))

"""Whoever finds a weakness finds whom to tell."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from tracker.accounts.contact import security_txt

ADDRESS = "/.well-known/security.txt"


@pytest.mark.django_db
def test_the_contact_stands_where_the_standard_wants_it(client: Client, settings: Any):
    settings.SECURITY_CONTACT = "security@county.test"
    settings.SITE_URL = "https://jigai.county.test"
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert answer["Cache-Control"] == "public, max-age=86400"
    assert "Canonical: https://jigai.county.test/.well-known/security.txt\n" in answer.content.decode()


@pytest.mark.parametrize("contact", ["security@county.test", "mailto:security@county.test"])
def test_it_holds_for_less_than_a_year(contact: str):
    told = security_txt(contact, "https://x.test/", datetime(2026, 11, 2, 10, tzinfo=UTC))
    assert told.splitlines()[:2] == ["Contact: mailto:security@county.test", "Expires: 2027-05-01T00:00:00Z"]


@pytest.mark.django_db
def test_where_nobody_is_named_there_is_no_such_file(client: Client, settings: Any):
    settings.SECURITY_CONTACT = ""
    assert client.get(ADDRESS).status_code == 404

"""Which tests run on both databases: those that have to do with one."""

import pytest
from django.db import connection

from tests.conftest import differs_between_databases


def test_control_what_asks_for_no_database_runs_on_sqlite_alone(request: pytest.FixtureRequest):
    assert not differs_between_databases(request.node)
    assert connection.vendor == "sqlite"


@pytest.mark.once
@pytest.mark.django_db
def test_control_what_is_marked_so_runs_on_sqlite_alone(request: pytest.FixtureRequest):
    assert not differs_between_databases(request.node)
    assert connection.vendor == "sqlite"


def test_whoever_asks_for_no_database_is_kept_from_it():
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        connection.ensure_connection()


@pytest.mark.django_db
def test_what_asks_for_a_database_by_its_mark_runs_on_both(request: pytest.FixtureRequest):
    assert differs_between_databases(request.node)


def test_so_does_what_asks_by_a_fixture(db: None, request: pytest.FixtureRequest):
    assert differs_between_databases(request.node)

"""What machines ask: asked by address, without TLS, and given nothing that they need not know."""

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client, override_settings

from tracker.operations import probes, queries

# As a probe asks: by the machine's address, which no host name of ours is.
BY_ADDRESS = {"HTTP_HOST": "10.1.2.3:8000"}


@pytest.fixture(autouse=True)
def _tables_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries._Tables, "are_right", False)


def test_it_lives_whatever_the_host_and_without_asking_the_database(client: Client):
    with override_settings(SECURE_SSL_REDIRECT=True, ALLOWED_HOSTS=["jigai.example"]):
        answer = Client().get("/healthz", **BY_ADDRESS)
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_it_is_ready_when_the_database_answers_and_needs_no_redis():
    with override_settings(SECURE_SSL_REDIRECT=True):
        answer = Client().get("/readyz", **BY_ADDRESS)
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_it_is_not_ready_without_the_database(monkeypatch: pytest.MonkeyPatch):
    def refused() -> None:
        raise OperationalError("connection to server at 10.9.8.7 failed: password of jigai")

    monkeypatch.setattr(probes, "_ask_database", refused)
    monkeypatch.setattr(connection, "close", lambda: None)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"database\n")


@pytest.mark.django_db
def test_it_is_not_ready_with_old_tables():
    MigrationRecorder.Migration.objects.filter(app="tracker").latest("id").delete()
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"migrations\n")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_the_answers_are_as_well_protected_as_pages(path: str):
    with override_settings(METRICS_TOKEN="t" * 32):
        answer = Client().get(path, headers={"authorization": f"Bearer {'t' * 32}"}, secure=True)
    assert answer.status_code == 200
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["Referrer-Policy"] == "same-origin"
    assert settings.SESSION_COOKIE_NAME not in answer.cookies


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_they_only_answer_questions(path: str):
    assert Client().post(path).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer wrong", "Basic " + "t" * 32, "t" * 32, "Bearer 令牌", f"Bearer {'t' * 33}"],
)
def test_without_the_token_there_are_no_figures(given: str):
    with override_settings(METRICS_TOKEN="t" * 32):
        answer = Client().get("/metrics", headers={"authorization": given})
    assert answer.status_code == 404
    assert b"jigai_" not in answer.content


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["Bearer ", "Bearer", ""])
def test_where_no_token_is_set_none_opens(given: str):
    with override_settings(METRICS_TOKEN=""):
        assert Client().get("/metrics", headers={"authorization": given}).status_code == 404

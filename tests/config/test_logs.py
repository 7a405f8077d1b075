"""A line of the log tells what happened, gives nothing away, and cannot be forged."""

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from django.core.exceptions import PermissionDenied
from django.test import Client

from config import logs
from tests.services import celery
from tests.services.processes import Process
from tests.services.site import Site

Lines = Callable[[], list[str]]


@pytest.fixture(params=["json", "console"])
def style(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def lines(style: str) -> Iterator[Lines]:
    """What is written by everybody in this style."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter(style))
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: stream.getvalue().splitlines()
    root.removeHandler(handler)


logger = logging.getLogger("tracker.test")


@pytest.mark.parametrize("style", ["json"], indirect=True)
@pytest.mark.parametrize("log", [logger, structlog.get_logger("tracker.test")])
def test_a_line_says_when_how_bad_who_and_what(log: logging.Logger, lines: Lines):
    with structlog.contextvars.bound_contextvars(request_id="4d3c", user_id=7):
        log.warning("the mail server hung up")
    said = json.loads(lines()[-1])
    assert list(said) == ["time", "level", "logger", "event", "request_id", "user_id"]
    assert said["time"].endswith("+08:00")
    del said["time"]
    assert said == {
        "level": "warning",
        "logger": "tracker.test",
        "event": "the mail server hung up",
        "request_id": "4d3c",
        "user_id": 7,
    }


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ("POST login=li&password=correct-horse HTTP/1.1", "correct-horse"),
        ("{'password1': 'correct-horse', 'login': 'li'}", "correct-horse"),
        ("Authorization: Bearer abcdef123456", "abcdef123456"),
        ("authorization=Basic bGk6aG9yc2U=", "bGk6aG9yc2U="),
        ("Cookie: __Host-sessionid=k3v9x0q2m4n6b8z1k3v9x0q2m4n6b8z1; a=b", "k3v9x0q2m4n6b8z1"),
        ("csrftoken=Zx81kslq00aa", "Zx81kslq00aa"),
        ("cannot reach postgres://jigai:s3cret@db:5432/jigai", "s3cret"),
        ("Not Found: /account/password/reset/key/3-c7x1lo-0f8a64e2d1b97c35aa01/", "0f8a64e2d1b97c35aa01"),
        ("GET /invitation/MTI:1sXyZ9:kQ2w8e7r6t5y4u3i2o1p0/ 200", "kQ2w8e7r6t5y4u3i2o1p0"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def", "eyJzdWIiOiIxIn0"),
        ("called 13812348000 twice", "13812348000"),
        ("called +86 138 1234 8000 twice", "138 1234 8000"),
        ("called 0534-3661234 twice", "3661234"),
    ],
)
def test_no_secret_is_written(said: str, secret: str, lines: Lines):
    logger.warning("%s", said)
    structlog.get_logger("tracker.test").warning("said", request=said, within={"list": [said]})
    try:
        raise ValueError(said)
    except ValueError:
        logger.exception("failed")
    assert len(lines()) >= 3
    assert secret not in "\n".join(lines())


def test_a_secret_is_known_by_its_name_too(lines: Lines):
    facts = {
        "password": "x1",
        "sessionid": "x2",
        "reset_token": "x3",
        "cookies": {"a": "x4"},
        "phone": 13812348000,
    }
    structlog.get_logger("tracker.test").warning("said", **facts)
    written = lines()[-1]
    assert not [value for value in ("x1", "x2", "x3", "x4", "13812348000") if value in written]
    assert "138****8000" in written


@pytest.mark.parametrize(
    "harmless",
    [
        "GET /office/projects/1234567/?page=2",
        "message 1234567890 sent at 2026-11-25T18:15:33.994+08:00",
        "/static/app.3f2a9c1b77de.css",
        "task_id 4d3c2b1a",
    ],
)
def test_what_is_no_secret_is_kept(harmless: str, lines: Lines):
    logger.warning("%s", harmless)
    assert harmless in lines()[-1]


FORGED = "li\n2026-11-25T10:00:00.000+08:00 INFO root: all is well\r\x1b[2K\x1b[1A\x9b31m\u2028\u202e\x00"


def test_nobody_forges_a_line(lines: Lines):
    logger.warning("unknown user %s", FORGED)
    structlog.get_logger("tracker.test").warning("refused", username=FORGED, **{"x\ny": "z"})
    assert len(lines()) == 2
    for line in lines():
        assert not [char for char in line if not char.isprintable()]


def test_a_trace_is_told_apart_from_lines(lines: Lines, style: str):
    try:
        raise ValueError(FORGED)
    except ValueError:
        logger.exception("failed")
    first, *below = lines()
    assert "failed" in first
    assert all(line.startswith("    | ") for line in below)
    if style == "json":
        assert below == []
        assert "ValueError" in json.loads(first)["exception"]


@pytest.mark.parametrize("style", ["console"], indirect=True)
def test_a_page_that_was_refused_is_told_without_the_place_in_the_code(lines: Lines):
    try:
        raise PermissionDenied
    except PermissionDenied:
        requests = logging.getLogger("django.request")
        requests.warning("Forbidden: %s", "/office/", exc_info=True)
        refused = lines()
        requests.error("Internal Server Error: %s", "/office/", exc_info=True)
    assert len(refused) == 1
    assert any("PermissionDenied" in line for line in lines()[1:])


@pytest.mark.django_db
def test_an_address_that_somebody_made_up_is_one_line(lines: Lines):
    Client().get("/nowhere/%0A2026-11-25%20INFO%20root:%20all%20is%20well%1B[2K/")
    # Django tells of the address, the middleware of the answer; nothing that was sent begins another line.
    assert len(lines()) == 2
    assert sum("Not Found" in line for line in lines()) == 1
    assert all(char.isprintable() for line in lines() for char in line)


@pytest.mark.django_db
def test_files_leave_no_line(lines: Lines):
    assert Client().get("/static/app.css").status_code == 200
    assert lines() == []


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "console"),
        ({"JIGAI_ENV": "production"}, "json"),
        ({"JIGAI_ENV": "production", "LOG_FORMAT": "console"}, "console"),
        ({"LOG_FORMAT": "json"}, "json"),
    ],
)
def test_machines_read_it_in_production(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
):
    for name in ("JIGAI_ENV", "LOG_FORMAT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert logs.style() == expected


def test_a_style_that_is_none_is_refused_by_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOG_FORMAT", "xml")
    with pytest.raises(ValueError, match="LOG_FORMAT is 'xml': use json or console"):
        logs.style()


def json_lines(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def test_gunicorn_writes_its_lines_in_the_same_way(tmp_path: Path):
    nowhere = Site(tmp_path / "site.log", {"LOG_FORMAT": "json", "JIGAI_VAR": str(tmp_path)}, "tests.nowhere")
    Process.start(nowhere)
    assert nowhere.popen.wait(20) != 0
    said = json_lines(nowhere.output)
    assert {line["logger"] for line in said} == {"gunicorn.error"}
    assert "ModuleNotFoundError" in str(said)
    # None of them is in gunicorn's own way, "[2026-11-02 10:00:00 +0800] [7] [ERROR] …".
    assert not re.search(r"^\[\d{4}-", nowhere.output, re.MULTILINE)


@pytest.mark.sqlite_only
def test_worker_and_beat_write_their_lines_in_the_same_way(tmp_path: Path):
    worker = celery.worker(tmp_path, {"LOG_FORMAT": "json", "REDIS_URL": "memory://"})
    worker.start()
    worker.stop()
    ready = next(line for line in json_lines(worker.output) if "ready" in str(line["event"]))
    assert ready["logger"] == "celery.apps.worker"
    assert ready["level"] == "info"

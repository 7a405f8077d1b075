"""Figures for Prometheus: few series, right with several processes, and the product's own among them."""

import re
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.utils import timezone

from tests.factories import make_official
from tests.services.site import Site
from tracker.mailing.models import Message
from tracker.operations import metrics
from tracker.operations.actions import beat_of

TOKEN = "a-token-of-this-test"


def value(page: str, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", page, re.MULTILINE)
    assert found, series
    return float(found[1])


@pytest.mark.django_db
def test_the_health_of_the_product_is_among_them():
    now = timezone.now()
    beat_of("worker", now)
    person = make_official()
    Message.objects.create(
        key="parked", kind="test", recipient=person, address=person.email, language="en", parked_at=now
    )
    page = metrics.page(timezone.now()).decode()
    assert value(page, 'jigai_health{part="worker"}') == 0
    assert value(page, 'jigai_health{part="beat"}') == 2
    assert 0 <= value(page, "jigai_worker_seconds") < 60
    assert value(page, "jigai_mails_parked") == 1
    assert value(page, "jigai_mails_waiting") == 0
    assert value(page, "jigai_redis_up") == 0
    assert value(page, 'jigai_disk_free_bytes{place="state"}') > 0
    assert "jigai_beat_seconds" not in page


@pytest.fixture
def site(tmp_path: Path, transactional_db: None, beside_the_test: dict[str, str]) -> Iterator[Site]:
    environment = {**beside_the_test, "METRICS_TOKEN": TOKEN, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "m")}
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "counter_1.db").write_bytes(b"left behind by a process that is gone")
    site = Site(tmp_path / "site.log", environment)
    site.start()
    yield site
    site.stop()


def test_several_processes_add_up_and_nobody_makes_series_of_their_own(site: Site):
    def figures() -> str:
        answer = site.get("/metrics", {"Authorization": f"Bearer {TOKEN}"})
        assert answer.status == 200
        return answer.text

    before = value(figures(), "django_http_requests_before_middlewares_total")
    for number in range(12):
        assert site.get(f"/nowhere/{number}/").status == 404
    for method in ("INVENTED", "ANOTHER"):
        connection = HTTPConnection("127.0.0.1", site.port, timeout=30)
        connection.request(method, "/help/")
        connection.getresponse().read()
        connection.close()
    page = figures()
    assert value(page, "django_http_requests_before_middlewares_total") - before == 12 + 2 + 1
    assert "INVENTED" not in page
    assert "nowhere" not in page
    assert 'method="<invalid method>"' in page
    assert site.get("/metrics").status == 404


def test_a_length_that_is_no_number_is_refused_before_it_is_counted(site: Site):
    with socket.create_connection(("127.0.0.1", site.port), timeout=30) as line:
        line.sendall(b"GET /help/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: many\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 400 ")

"""Figures for Prometheus: of requests by django-prometheus, and of the product's health by its own lines."""

import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django_prometheus.middleware import PrometheusAfterMiddleware, PrometheusBeforeMiddleware
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from tracker.operations.queries import look
from tracker.operations.rules import Seen, judge

__all__ = ["CONTENT_TYPE_LATEST", "CountedAfter", "CountedBefore", "page"]


class CountedBefore(PrometheusBeforeMiddleware):
    """Counts requests and their time, whatever comes in between."""


class CountedAfter(PrometheusAfterMiddleware):
    """Counts requests by page, by a name that is one of few."""

    def label_metric(self, metric: Any, request: HttpRequest, response: Any = None, **labels: str) -> Any:
        """The series of these labels; nobody makes new ones by inventing methods."""
        if "method" in labels:
            labels["method"] = self._method(request)
        return super().label_metric(metric, request, response, **labels)


class Health(Collector):
    """What was seen at one moment, as gauges."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Each gauge that something is known for."""
        states = GaugeMetricFamily("jigai_health", "0 well, 1 to be looked at, 2 wrong.", labels=["part"])
        for finding in judge(self.seen):
            states.add_metric([finding.part.value], finding.state)
        yield states
        room = GaugeMetricFamily("jigai_disk_free_bytes", "Room where something is kept.", labels=["place"])
        for disk in self.seen.disks:
            room.add_metric([disk.place], disk.free)
        yield room
        for name, words, value in self._single():
            if value is not None:
                yield GaugeMetricFamily(f"jigai_{name}", words, value=value)

    def _single(self) -> Iterator[tuple[str, str, float | None]]:
        seen, kept = self.seen, self.seen.kept
        yield "redis_up", "Whether Redis answers.", float(seen.queue is not None)
        if seen.queue is not None:
            yield "queue_length", "Tasks that wait in Redis.", seen.queue.length
            yield "queue_oldest_seconds", "How long the oldest has waited.", self._since(seen.queue.oldest_at)
        if kept is None:
            return
        for name in ("beat", "worker", "backup"):
            sign = kept.signs.get(name)
            yield f"{name}_seconds", f"Since the last sign of {name}.", self._since(sign.at if sign else None)
        yield "mails_waiting", "Mails that wait.", kept.outbox.waiting
        yield "mails_late_seconds", "How late the latest mail is.", self._since(kept.outbox.due_since) or 0
        yield "mails_parked", "Mails given up that nobody has looked at.", kept.outbox.parked

    def _since(self, at: datetime | None) -> float | None:
        return max((self.seen.at - at).total_seconds(), 0.0) if at else None


def page(now: datetime) -> bytes:
    """Every figure at this moment, added up over the processes of the site."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)
        registry.register(Health(look(now)))
        return generate_latest(registry)
    registry.register(Health(look(now)))
    return generate_latest(REGISTRY) + generate_latest(registry)

"""The lists: what a page costs beside a bare one, and beside itself with a hundred times the rows."""

import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import django_tables2 as tables
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import Context, RequestContext, Template
from django.template.loader import render_to_string
from django.test import Client, override_settings
from django.urls import resolve
from django_tables2 import SingleTableView

from bench.measures import Measure, counted
from bench.worlds import LATEST, Scale, World
from tracker.accounts.roles import Role
from tracker.library.models import Project
from tracker.library.words import figure, wan
from tracker.office.access import OfficialOnly
from tracker.office.tables.projects import ProjectTable

PROJECTS, ENTERPRISES = "/office/projects/", "/office/enterprises/"
ROWS = 50
# Twelve columns: those that are there at first, and the code.
COLUMNS = [*ProjectTable.shown_at_first(), "code"]
TWELVE = f"columns={'.'.join(COLUMNS)}"
LIGHTEST = 40_000  # bytes, P8
STATEMENTS = 8  # P5
BARE_ROWS = """
SELECT p.badge, p.name, e.name, t.name_zh, p.planned_total, a.amount, i.ytd_investment,
       round(i.ytd_investment * 100 / nullif(a.amount, 0), 1), p.stage, p.inclusion_state, u.name, p.code
FROM tracker_project p JOIN tracker_enterprise e ON e.id = p.enterprise_id
LEFT JOIN tracker_division t ON t.id = p.township_id LEFT JOIN tracker_user u ON u.id = p.inspector_id
LEFT JOIN tracker_annualplan a ON a.project_id = p.id AND a.year = %s
LEFT JOIN tracker_inspection i ON i.project_id = p.id AND i.cycle_start = %s
WHERE p.county_id = %s ORDER BY p.id LIMIT 50
"""
BARE_PAGE = Template(
    "<!doctype html><title>{{ title }}</title><table>{% for row in rows %}<tr>"
    "{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>"
)


class Reader:
    """Somebody signed in who asks for pages as a browser does, without a network between."""

    def __init__(self, world: World, role: Role = Role.TEAM_LEAD, answer: WSGIHandler | None = None) -> None:
        client = Client()
        client.force_login(world.official(role))
        self.cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        self.answer = answer or WSGIHandler()

    def get(self, address: str) -> bytes:
        """The page; one that is not there is no measure."""
        path, _, query = address.partition("?")
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_COOKIE": self.cookies,
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "testserver",
        }
        said: list[str] = []
        answer = self.answer(environ, lambda status, headers: said.append(status))
        body = b"".join(answer)
        assert said[0].startswith("200"), (said, address)
        return body

    def page(self, address: str) -> Callable[[], object]:
        """Something that asks for it."""
        return lambda: self.get(address)


class Showing(WSGIHandler):
    """Answers every address with one page, after all that every request of the product goes through."""

    def __init__(self, view: Callable[..., HttpResponse]) -> None:
        self.view = view
        super().__init__()

    def resolve_request(self, request: HttpRequest) -> Any:
        """This page, wherever somebody asks."""
        request.resolver_match = resolve(PROJECTS)
        return self.view, (), {}


class Bare(Showing):
    """The same without session, permissions or anything else that a product has."""

    def load_middleware(self, is_async: bool = False) -> None:
        """None."""
        with override_settings(MIDDLEWARE=[]):
            super().load_middleware(is_async)


def measures(scale: Scale) -> Iterator[Measure]:
    """P1, P3, P4, P5 and P8 of the lists."""
    small, large = Reader(scale.small), Reader(scale.large)
    scale.large.enter()
    plain = f"{PROJECTS}?{TWELVE}"
    narrowed = "stage=building&sort=-planned_total"
    searched = f"{PROJECTS}?{TWELVE}&q={quote('数控')}"
    bare = Reader(scale.large, answer=Bare(bare_page(scale.large.county.pk))).page(PROJECTS)
    stock = Reader(scale.large, answer=Showing(StockPage.as_view())).page(PROJECTS)
    yield Measure("P1", "list beside raw SQL and a bare template", large.page(plain), bare, 6, clock="web")
    yield Measure("P1", "list beside stock django-tables2", large.page(plain), stock, 0.2, clock="web")
    for name, address in (
        ("list", plain),
        ("list, page in the middle", f"{plain}&after={{middle}}"),
        ("list by stage", f"{PROJECTS}?{TWELVE}&stage=building"),
        ("list by amount", f"{PROJECTS}?{TWELVE}&sort=-planned_total"),
        ("list of enterprises", ENTERPRISES),
    ):
        yield Measure(
            "P3",
            f"{name}: {scale.large.projects} beside {scale.small.projects}",
            large.page(address.format(middle=middle(scale.large))),
            small.page(address.format(middle=middle(scale.small))),
            1.3,
            ours_in=scale.large,
            floor_in=scale.small,
        )
    deep = f"{plain}&after={middle(scale.large)}"
    yield Measure("P3", "page in the middle beside the first", large.page(deep), large.page(plain), 1.3)
    both = large.page(f"{plain}&{narrowed}")
    yield Measure("P4", "filter and order beside the list", both, large.page(plain), 1.3)
    yield Measure("P4", "two Chinese signs beside the list", large.page(searched), large.page(plain), 3)
    for words, what in (("制药", "few find it"), ("hyzn", "initials"), ("436244", "a code's digits")):
        found = f"{PROJECTS}?{TWELVE}&q={quote(words)}"
        yield Measure("P4", f"search beside the list: {what}", large.page(found), large.page(plain), 3)
    for name, address in (
        ("projects", PROJECTS),
        ("twelve columns", plain),
        ("enterprises", ENTERPRISES),
        ("a search", searched),
    ):
        statements = counted(large.page(address))
        yield Measure("P5", f"statements of a list: {name}", statements, float(STATEMENTS), 1, unit="")
        weight = float(len(large.get(address)))
        yield Measure("P8", f"weight of a list: {name}", weight, float(LIGHTEST), 1, unit="B")


def bare_page(county: int) -> Callable[[HttpRequest], HttpResponse]:
    """The floor: the same fifty rows by one plain statement, in a template with nothing but cells."""

    def answer(request: HttpRequest) -> HttpResponse:
        with connection.cursor() as cursor:
            cursor.execute(BARE_ROWS, [LATEST.start.year, LATEST.start, county])
            rows = cursor.fetchall()
        return HttpResponse(BARE_PAGE.render(Context({"title": "Projects", "rows": rows})))

    return answer


class StockTable(tables.Table):
    """The same twelve columns as somebody declares them who knows django-tables2 alone."""

    badge = tables.Column()
    name = tables.Column(linkify=("office:project", {"pk": tables.A("pk")}))
    enterprise = tables.Column(linkify=("office:enterprise", {"pk": tables.A("enterprise_id")}))
    township = tables.Column()
    planned_total = tables.Column(attrs={"td": {"class": "number"}})
    plan = tables.Column()
    invested = tables.Column()
    share = tables.Column(empty_values=(), orderable=False)
    stage = tables.Column()
    inclusion_state = tables.Column()
    inspector = tables.Column()
    code = tables.Column()

    def render_badge(self, value: str, record: Any) -> str:
        """The badge's sign."""
        return render_to_string("parts/_badge.html", {"badge": record.badge})

    def render_share(self, record: Any) -> str:
        """What was done as a share of the plan."""
        return figure(record.invested * 100 / record.plan if record.plan and record.invested else None)

    def render_planned_total(self, value: Decimal) -> str:
        """An amount."""
        return wan(value)

    render_plan = render_invested = render_planned_total


class StockPage(OfficialOnly, SingleTableView):
    """The page as django-tables2 has it: its own template, its own pages, all rows counted."""

    table_class = StockTable
    paginate_by = ROWS

    def get_queryset(self) -> Any:
        """The county's projects."""
        rows = Project.objects.visible_to(self.person).of_county(self.county).for_table().order_by("pk")
        return rows.annotate(**ProjectTable.figures(LATEST.start.year))

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """The table within the product's page."""
        page = BODY.render(RequestContext(self.request, context))
        return HttpResponse(page)


BODY = Template(
    "{% extends 'office/base.html' %}{% load django_tables2 %}"
    "{% block content %}{% render_table table 'django_tables2/table.html' %}{% endblock %}"
)


def middle(world: World) -> str:
    """The place in the list's own order that half of the county's projects come before."""
    world.enter()
    keys = ProjectTable.offered()[ProjectTable.first_order].keys
    half = Project.objects.filter(county=world.county, badge="none").order_by("enterprise", "pk")
    values = half.values_list("enterprise", "pk")[half.count() // 2]
    assert len(keys) == 1 + len(values)
    return quote(f"[2,{values[0]},{values[1]}]")

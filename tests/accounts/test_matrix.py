"""Every page, as every role, with every method, against the tables of docs/roles.md."""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib import admin
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.factories import (
    make_county,
    make_cycle,
    make_enterprise,
    make_enterprise_user,
    make_inspection,
    make_official,
    make_project,
    moment,
)
from tests.library.inclusion.files import PDF
from tests.photos.pictures import photo as photo_file
from tracker.accounts.access import Public, SignedIn
from tracker.accounts.models import User
from tracker.accounts.roles import ADMINISTRATORS, Role
from tracker.calendars.periods import Month
from tracker.exchange.models import ColumnSynonym, ImportBatch
from tracker.library.inclusion.actions import add_file, set_figure
from tracker.library.inclusion.models import BureauList
from tracker.library.inclusion.rules import Amounts, PaperKind
from tracker.library.records import Contact
from tracker.library.saved_views import SavedView
from tracker.mailing.models import Message
from tracker.photos.actions import add_photo
from tracker.summaries.actions import freeze_month

# The rules answer in Python, the same on either database; who sees which rows is asked on both elsewhere.
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.once,
    pytest.mark.usefixtures("no_warnings_in_the_log"),
]

TODAY = date(2026, 11, 2)
DOCUMENT = (settings.BASE_DIR / "docs" / "roles.md").read_text(encoding="utf-8")
COLUMNS = {
    "inspector": Role.INSPECTOR,
    "team lead": Role.TEAM_LEAD,
    "liaison": Role.STATISTICS_LIAISON,
    "leader": Role.LEADER,
    "auditor": Role.AUDITOR,
    "system": Role.SYSTEM_ADMINISTRATOR,
    "security": Role.SECURITY_ADMINISTRATOR,
    "enterprise": Role.ENTERPRISE,
}
REFUSED, READ, WRITE, OWN, SHARED = "–", "read", "write", "own", "shared"
# Sessions are one's own, wherever one works.
ABOUT_ONESELF = {"sessions", "sign_in_again", "office:save_view", "office:edit_view", "office:delete_view"}
PICTURE = photo_file()
NEVER_ALLOWED = ["put", "patch", "delete", "trace"]
# What is about nobody's data: the sign-in pages, which look after themselves, and what development shows.
FROM_OTHERS = ("allauth.", "django.")


def table_under(heading: str) -> dict[str, dict[Role, str]]:
    """A table of the document: for each first cell what each role may."""
    part = DOCUMENT.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", part, re.M)
    ]
    head, _, *body = rows
    return {
        row[0]: {COLUMNS[name]: cell for name, cell in zip(head[1:], row[1:], strict=True)} for row in body
    }


PAGES, TABLES = table_under("Pages"), table_under("Administration")
# Pages about the county's work; the others are about one's own account, or about mails that the system
# administrator of any division looks after.
OF_OFFICE = [name for name in PAGES if name.startswith("office:") and "_mail_" not in name]
PUBLIC = set(re.findall(r"`([a-z_:]+)`", DOCUMENT.split("## For everybody\n", 1)[1]))


def own_pages(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Each page of the product by its full name; the administration has a table of its own."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                namespace = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
                yield from own_pages(pattern, namespace)
        elif not pattern.callback.__module__.startswith(FROM_OTHERS):
            yield f"{prefix}{pattern.name}", pattern


TREE = dict(own_pages())


def is_public(name: str) -> bool:
    return issubclass(TREE[name].callback.view_class, Public)


class World:
    """A county at work, with something behind each address, and one person of each role."""

    def __init__(self) -> None:
        county = make_county(needs_second_person=True)
        self.people: dict[Role, User] = {
            role: make_official(role, county) for role in Role if role != Role.ENTERPRISE
        }
        colleague = make_official(Role.INSPECTOR, county)
        self.enterprise = make_enterprise(county)
        self.people[Role.ENTERPRISE] = make_enterprise_user(self.enterprise)
        self.project = make_project(self.enterprise, inspector=self.people[Role.INSPECTOR])
        self.others = make_project(make_enterprise(county), inspector=colleague)
        inspection = make_inspection(self.others, make_cycle(county), by=colleague)
        batch = ImportBatch.objects.create(
            county=county, filename="表.xlsx", content=b"", cycle_start=date(2026, 10, 16)
        )
        synonym = ColumnSynonym.objects.create(county=county, head="技改单位", field="enterprise")
        freeze_month(county, Month.parse("2026-10"), moment(TODAY))
        # Ids by the first name in the address that fits, most special first.
        photo = add_photo(self.project, PICTURE, by=self.people[Role.INSPECTOR], at=moment(TODAY))
        self.others_photo = add_photo(self.others, PICTURE, by=colleague, at=moment(TODAY))
        mail = Message.objects.create(
            key="given-up",
            kind="reminder",
            recipient=colleague,
            address=colleague.email,
            language="en",
            subject="s",
            text="t",
            parked_at=moment(TODAY),
        )
        contact, self.others_contact = (
            Contact.objects.create(enterprise=project.enterprise, name="联系人", phone="13800138000")
            for project in (self.project, self.others)
        )
        liaison = self.people[Role.STATISTICS_LIAISON]
        today, amounts = moment(TODAY), Amounts(Decimal(900))
        papers, figures = [], []
        for project in (self.project, self.others):
            papers.append(add_file(project, PaperKind.LICENCE, PDF, "a.pdf", by=liaison, at=today))
            figures.append(
                set_figure(project, Month.parse("2026-10"), amounts, by=liaison, at=today, today=TODAY)
            )
        self.others_paper, self.others_figure = papers[1], figures[1]
        bureau_list = BureauList.objects.create(
            county=county, filename="名单.csv", content=b"", year=2026, month=10
        )
        # Everybody has one of their own; whose is asked about is whoever asks.
        self.views = {
            role: SavedView.objects.create(owner=person, county=county, list="projects", name="红牌")
            for role, person in self.people.items()
        }
        self.others_view = SavedView.objects.create(
            owner=colleague, county=county, list="projects", name="红牌"
        )
        self.asking = Role.INSPECTOR
        self.ids: list[tuple[str, Any]] = [
            ("further_contact", contact.pk),
            ("paper_file", papers[0].pk),
            ("explain_difference", figures[0].pk),
            ("bureau_list", bureau_list.pk),
            ("picture", photo.pk),
            ("delete_photo", photo.pk),
            ("_mail_", mail.pk),
            ("enterprise", self.enterprise.pk),
            ("import", batch.pk),
            ("column_name", synonym.pk),
            ("_inspection", inspection.pk),
            ("", self.project.pk),
        ]

    def address(self, name: str, *, of_others: bool = False) -> str:
        """The page's address about something that exists: the inspector's own, or a colleague's."""
        pattern = TREE[name].pattern
        values: dict[str, Any] = {}
        for word in pattern.converters:
            if word == "cycle":
                values[word] = "2026-10-H2"
            elif word == "month":
                values[word] = "2026-10"
            elif name.endswith("_view"):
                values[word] = (self.others_view if of_others else self.views[self.asking]).pk
            else:
                values[word] = next(pk for part, pk in self.ids if part in name)
        if name.endswith("_view"):
            return reverse(name, kwargs=values)
        if of_others and name == "office:delete_photo":
            values["pk"] = self.others_photo.pk
        elif of_others and "further_contact" in name:
            values["pk"] = self.others_contact.pk
        elif of_others and name == "office:delete_paper_file":
            values["pk"] = self.others_paper.pk
        elif of_others and name == "office:explain_difference":
            values["pk"] = self.others_figure.pk
        elif of_others:
            values["pk"] = self.others.enterprise_id if "enterprise" in name else self.others.pk
        return reverse(name, kwargs=values)

    def client(self, role: Role) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(self.people[role])
        self.asking = role
        return client


@pytest.fixture(scope="module")
def built(
    build_once: Callable[[Callable[[], World]], World], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Built once: each test writes within a transaction of its own, and none takes a file away."""
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        with time_machine.travel(moment(TODAY), tick=False):
            world = build_once(World)
        yield world


@pytest.fixture
def world(built: World) -> Iterator[World]:
    with time_machine.travel(moment(TODAY), tick=False):
        yield deepcopy(built)


def test_the_document_names_every_page_and_no_other():
    signed_in = {name for name in TREE if not is_public(name)}
    assert set(PAGES) == signed_in
    assert {name for name in TREE if is_public(name)} == PUBLIC


def test_every_page_says_which_permission_it_needs():
    for name in PAGES:
        view = TREE[name].callback.view_class
        assert issubclass(view, SignedIn), name
        assert view.needs, f"{name} needs a permission"


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_for_those_whom_the_document_names(world: World, name: str, role: Role):
    answer = world.client(role).get(world.address(name))
    if PAGES[name][role] == REFUSED:
        assert answer.status_code == 403
    else:
        # Some pages only take what is sent, some lead on; nobody here has a key to remove.
        assert answer.status_code in {200, 302, 405} or name == "mfa_remove_webauthn"
        assert not answer.get("Location", "").startswith(reverse("account_login"))


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", PAGES)
def test_a_page_takes_what_is_sent_from_those_whom_the_document_names(world: World, name: str, role: Role):
    status = world.client(role).post(world.address(name)).status_code
    if PAGES[name][role] in {WRITE, OWN}:
        # Nothing was filled in: the form comes back, or the deed needed no words.
        assert status in {200, 302, 409, 422} or name == "mfa_remove_webauthn"
    else:
        assert status in {403, 405}


@pytest.mark.parametrize("name", [name for name in OF_OFFICE if OWN in PAGES[name].values()])
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_in_a_colleagues_name_is_not_an_inspectors_to_write(world: World, name: str, method: str):
    answer = getattr(world.client(Role.INSPECTOR), method)(world.address(name, of_others=True))
    # What others read, an inspector may read as well.
    is_read = method == "get" and READ in PAGES[name].values()
    assert answer.status_code in ({200} if is_read else {403, 404})


@pytest.mark.parametrize("method", NEVER_ALLOWED)
def test_no_page_knows_another_method(world: World, method: str):
    for role in Role:
        client = world.client(role)
        for name in PAGES:
            assert getattr(client, method)(world.address(name)).status_code in {403, 405}, (name, role)


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_is_led_to_the_sign_in_page(world: World, name: str):
    for method in ("get", "post"):
        answer = getattr(Client(), method)(world.address(name))
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("account_login"))


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ENTERPRISE])
def test_people_of_a_city_or_province_write_nothing(world: World, role: Role):
    """They see the same rows, and no page takes anything from them."""
    county = make_county()
    for division in (county.parent, county.parent.parent):
        client = Client(raise_request_exception=False)
        client.force_login(make_official(role, division))
        assert client.get(reverse("office:project", args=[world.project.pk])).status_code == 200
        for name in OF_OFFICE:
            allowed = PAGES[name]
            is_written = WRITE in allowed.values() or OWN in allowed.values()
            if is_written and name not in ABOUT_ONESELF:
                assert client.post(world.address(name)).status_code in {403, 404, 405}, name


# --- the administration ---


def registered() -> dict[str, Any]:
    return {str(model._meta.model_name): model for model in admin.site._registry}


def test_the_document_names_every_table_of_the_administration():
    assert set(TABLES) == set(registered())


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_the_administration_is_shown_to_those_whom_the_document_names(
    world: World, table: str, role: Role
):
    app = registered()[table]._meta.app_label
    status = world.client(role).get(reverse(f"admin:{app}_{table}_changelist"), follow=True).status_code
    may = TABLES[table].get(role, REFUSED)
    assert status == (403 if may == REFUSED else 200)


@pytest.mark.parametrize("role", sorted(ADMINISTRATORS))
@pytest.mark.parametrize("table", TABLES)
def test_rows_are_added_only_by_those_who_keep_the_table(world: World, table: str, role: Role):
    app = registered()[table]._meta.app_label
    person = world.people[role]
    page, client = reverse(f"admin:{app}_{table}_add"), world.client(role)
    assert client.get(page).status_code == (200 if TABLES[table][role] == WRITE else 403)
    # What holds for the whole deployment is kept from above all divisions.
    User.objects.filter(pk=person.pk).update(division=None)
    assert client.get(page).status_code == (200 if TABLES[table][role] in {WRITE, SHARED} else 403)

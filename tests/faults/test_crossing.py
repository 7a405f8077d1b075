"""Nobody reads another county's, another township's or another enterprise's data: more than 5,000 requests.

Readers of every kind ask for every page about what lies in a county that is not theirs, for every list,
search and file with every filter, and send each page the ids from there. On both sides lies a county at work.
The whole runs on SQLite; a smaller crawl in test_attacks.py runs on both databases.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client, override_settings

from tests.addresses import BY_NAME, Address, all_addresses
from tests.factories import (
    make_enterprise,
    make_enterprise_user,
    make_official,
    make_project,
    make_township,
)
from tests.faults.world import ELSEWHERE, NOW, World
from tests.photos.pictures import photo as photo_file
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.badges.models import Award
from tracker.calendars.periods import Month
from tracker.library.models import CountySettings, Division, Enterprise, Project
from tracker.mailing.models import Message
from tracker.photos.actions import add_photo
from tracker.summaries.actions import freeze_month

pytestmark = [pytest.mark.django_db, pytest.mark.once, pytest.mark.usefixtures("no_warnings_in_the_log")]

# No page says these words of its own accord, nor repeats what was searched for: that is only their beginning.
FOUND_BY = "外县"
NAME, PERSON, OFFICIAL = "Verborgen7", "Geheimer7", "Beamter7"
CREDIT_CODE, PROJECT_CODE = "91371525MA7QX7QX7Q", "2607-371525-04-01-707717"
PHONE, FIRM_PHONE = "13977077177", "13977077178"
OF_ENTERPRISES = (NAME, PERSON, CREDIT_CODE, PROJECT_CODE, PHONE, FIRM_PHONE)
ADDRESSES = [address for address in all_addresses() if "logout" not in address.name]
OF_PRODUCT = ("home", "office:", "portal:")
AT_LEAST = 5000


class Border:
    """A county at work whose data are marked, and readers on the other side of its borders."""

    def __init__(self) -> None:
        self.theirs = there = World(
            ELSEWHERE,
            enterprise=f"{FOUND_BY}{NAME}企业",
            project=f"{FOUND_BY}{NAME}项目",
            problem=f"{FOUND_BY}{NAME}问题",
            remark=f"{FOUND_BY}{NAME}说明",
            filename=f"{FOUND_BY}{NAME}.xlsx",
            person=f"{FOUND_BY}{PERSON}",
        )
        self.township = make_township(there.county, f"{FOUND_BY}镇")
        User.objects.filter(pk=there.lead.pk).update(name=f"{FOUND_BY}{OFFICIAL}")
        Enterprise.objects.filter(pk=there.enterprise.pk).update(
            credit_code=CREDIT_CODE, contact_phone=FIRM_PHONE, township=self.township
        )
        Project.objects.filter(pk=there.project.pk).update(
            code=PROJECT_CODE, contact_phone=PHONE, township=self.township
        )
        # Once more, with what has been filled in since.
        freeze_month(there.county, Month(2026, 9), NOW)
        photo = add_photo(there.project, photo_file(), by=there.lead, at=NOW)
        firm = make_enterprise_user(there.enterprise, name=f"{FOUND_BY}{PERSON}")
        mail = Message.objects.create(
            key="of-the-other-county",
            kind="reminder",
            recipient=there.lead,
            address=f"{NAME}@county.test",
            language="zh-hans",
            subject=f"{FOUND_BY}{NAME}",
            text=f"{FOUND_BY}{NAME}",
            parked_at=NOW,
        )
        settings, _made = CountySettings.objects.get_or_create(county=there.county)
        award = Award.objects.filter(project=there.project).first()
        # By the first part of a page's name that fits, most special first.
        self.ids: list[tuple[str, Any]] = [
            *(("picture", photo), ("photo", photo), ("_mail_", mail), ("import", there.batch)),
            *(("_inspection", there.inspection), ("inspectio", there.inspection), ("award", award)),
            *(("countysettings", settings), ("division", self.township), ("message", mail)),
            *(("user", there.lead), ("enterprise", there.enterprise), ("", there.project)),
        ]
        # What else an address may be tried with.
        self.other_ids = sorted({row.pk for _part, row in self.ids})
        everything = [str(row.pk) for _part, row in self.ids] + [str(firm.pk), str(there.county.pk)]
        self.sent = {
            "county": str(there.county.pk),
            "township": str(self.township.pk),
            "division": str(self.township.pk),
            "enterprise": str(there.enterprise.pk),
            "project": str(there.project.pk),
            "inspector": str(there.lead.pk),
            "person": str(there.lead.pk),
            "photo": str(photo.pk),
            "cycle": "2026-10-H2",
            "q": FOUND_BY,
            # The administration says what it is about to delete.
            "action": "delete_selected",
            "_selected_action": everything,
        }
        self.queries = [
            *(f"q={word}" for word in (FOUND_BY, CREDIT_CODE[:8], PROJECT_CODE[:9], PHONE[:5])),
            *(f"inspector={there.lead.pk}", f"enterprise={there.enterprise.pk}"),
            *(f"township={self.township.pk}", f"division={self.township.pk}", "badge=none", "state=accepted"),
            *("sort=-enterprise&per_page=200", "page=2", "format=xlsx", f"format=xlsx&county={ELSEWHERE}"),
        ]
        self.queries_of_administration = [
            *(f"q={word}" for word in (FOUND_BY, CREDIT_CODE[:8], "371525")),
            *(f"county__id__exact={there.county.pk}", f"division__id__exact={self.township.pk}"),
            *(f"enterprise__id__exact={there.enterprise.pk}", f"recipient__id__exact={there.lead.pk}"),
            *("id__in=" + ",".join(everything), "o=-1&all=", "role__exact=inspector", "kind__exact=reminder"),
            f"app_label=tracker&model_name=enterprise&field_name=county&term={FOUND_BY}",
            f"app_label=tracker&model_name=user&field_name=division&term={FOUND_BY}",
            f"app_label=tracker&model_name=user&field_name=enterprise&term={FOUND_BY}",
        ]
        self.mine = World()
        near = make_township(self.mine.county)
        make_project(make_enterprise(self.mine.county, township=near), inspector=self.mine.lead)
        city = self.mine.county.parent
        other = Division.objects.create(
            code="990000", name_zh="虚构省", name_en="Invented", level=Division.Level.PROVINCE
        )
        places = {"county": self.mine.county, "township": near, "city": city, "other province": other}
        # Of the same county as what is marked, so that nothing but township or enterprise stands between.
        places["township there"] = make_township(there.county)
        self.readers: dict[str, User] = {
            reader: make_official(role, places[place]) for reader, (role, place) in OFFICIALS.items()
        }
        self.readers["enterprise"] = make_enterprise_user(self.mine.enterprise)
        self.readers["another enterprise there"] = make_enterprise_user(make_enterprise(there.county))


OFFICIALS = {
    f"{role} in the {place}": (role, place)
    for role, place in (
        *((role, "county") for role in sorted(set(Role) - {Role.ENTERPRISE})),
        *((Role.INSPECTOR, "township"), (Role.TEAM_LEAD, "township there")),
        *((Role.LEADER, "city"), (Role.AUDITOR, "city")),
        *((role, "other province") for role in (Role.TEAM_LEAD, Role.AUDITOR, Role.SYSTEM_ADMINISTRATOR)),
    )
}
READERS = [*OFFICIALS, "enterprise", "another enterprise there"]


@pytest.fixture(scope="module")
def built(
    build_once: Callable[[Callable[[], Border]], Border], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Border]:
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        with time_machine.travel(NOW, tick=False):
            border = build_once(Border)
        yield border


@pytest.fixture
def border(built: Border) -> Iterator[Border]:
    with time_machine.travel(NOW, tick=False):
        yield deepcopy(built)


def told(answer: HttpResponse) -> str:
    """All that an answer says: its heads, its body, and what is packed into a workbook."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"\n".join(archive.read(name) for name in archive.namelist())
    return f"{answer.headers}\n{body.decode(errors='replace')}"


class Reader:
    """Somebody who asks, and remembers what they should not have been told."""

    def __init__(self, person: User, forbidden: tuple[str, ...]) -> None:
        self.person, self.browser = person, Client(raise_request_exception=False)
        self.forbidden = re.compile("|".join(forbidden), re.I)
        self.asked, self.told_of, self.leaks = 0, set(), []
        self.browser.force_login(person)

    def ask(self, page: str, sent: dict[str, Any] | None = None) -> HttpResponse:
        answer = self.browser.get(page) if sent is None else self.browser.post(page, sent)
        self.asked += 1
        if found := set(self.forbidden.findall(told(answer))):
            self.told_of |= found
            self.leaks.append(("GET" if sent is None else "POST", page, sorted(found)))
        if sent is not None and "_auth_user_id" not in self.browser.session:
            self.browser.force_login(self.person)
        return answer


def pages_of(address: Address, border: Border) -> list[str]:
    """The address about something of the other county, where it is about something, and with other ids."""
    place = next((place for place in address.examples if is_of_a_row(address, place)), None)
    if place is None:
        return [address.filled()]
    row = next(row for part, row in border.ids if part in address.name)
    others = border.other_ids if address.name.startswith(OF_PRODUCT) else []
    return [address.filled(**{place: str(pk)}) for pk in [row.pk, *others]]


def is_of_a_row(address: Address, place: str) -> bool:
    return place == "object_id" or (place not in BY_NAME and address.examples[place] == "1")


def crawl(reader: Reader, border: Border) -> None:
    """Each page about what is theirs, with their county, and sent their ids; lists by each filter."""
    for address in ADDRESSES:
        page, *others = pages_of(address, border)
        is_open = reader.ask(page).status_code == 200
        for other in others:
            reader.ask(other)
        of_product = address.name.startswith(OF_PRODUCT)
        if is_open or of_product:
            reader.ask(page, border.sent)
        if of_product:
            reader.ask(f"{page}?county={ELSEWHERE}")
        if is_open and not address.examples and address.name.startswith((*OF_PRODUCT, "admin:")):
            for query in border.queries if of_product else border.queries_of_administration:
                reader.ask(f"{page}?{query}")
    cache.clear()


@pytest.mark.parametrize("who", READERS)
def test_nobody_reads_across_the_border(
    who: str, border: Border, record_property: Callable[[str, Any], None]
):
    person = border.readers[who]
    # Whoever works in the county may be told who else does.
    forbidden = OF_ENTERPRISES if "there" in who else (*OF_ENTERPRISES, OFFICIAL)
    reader = Reader(person, forbidden)
    crawl(reader, border)
    record_property("requests", reader.asked)
    assert reader.leaks == []
    assert reader.asked >= AT_LEAST / len(READERS)


def test_control_their_own_people_are_told_all_of_it(border: Border):
    reader = Reader(border.theirs.lead, (*OF_ENTERPRISES, OFFICIAL))
    crawl(reader, border)
    assert reader.told_of == {*OF_ENTERPRISES, OFFICIAL}
    assert len(reader.leaks) > 100

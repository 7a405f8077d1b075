"""Every page for everybody: by eye, ear, keyboard and thumb, in both languages, on each kind of screen."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import factories as make
from tests.exchange import workbooks
from tests.services.browser import DESKTOP, PHONE, visitor
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.calendars.periods import HalfMonth, shanghai_date
from tracker.exchange.actions import hand_in
from tracker.inspections.actions import assess, close_cycle, open_cycle
from tracker.inspections.models import Cycle, Inspection
from tracker.library.actions import plan_year
from tracker.library.models import Division, Enterprise, Project
from tracker.summaries.actions import summarise
from tracker.summaries.models import MonthlySummary

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

LANGUAGES = {"zh-hans": "zh-Hans", "en": "en"}
CYCLES = 6
# Unbroken words and the longest names are what breaks a narrow page.
LONG_FIRM = "虚构（山东）新能源汽车零部件智能装备高端制造科技产业集团股份有限公司庆云第一分公司"
LONG_PROJECT = "年产120万套高精密齿轮箱壳体柔性生产线智能化绿色化改造XJ-2000-SERIES-ULTRA-HIGH-PRECISION-LINE"
STANDARD = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"],
    # Of the newest standard, and therefore not yet run unless asked for.
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
    "preload": False,
}
# Each language on each screen, each screen in each scheme of colours.
SCREENS = {"zh-hans": ("light", "dark"), "en": ("dark", "light")}
CHECKER = Axe()

LOOK = """() => {
  const targets = "a[href], button, summary, select, textarea, input:not([type=hidden])";
  const seen = (element) => element.checkVisibility({visibilityProperty: true});
  const name = (element) => `${element.outerHTML.slice(0, 90)}`;
  // A link within a sentence is as high as the sentence; everything else has to be hit with a thumb.
  const inSentence = (element) => getComputedStyle(element).display === "inline"
    && element.parentElement.innerText.trim().length > element.innerText.trim().length + 1;
  const wrong = [];
  for (const element of document.querySelectorAll(targets)) {
    if (!seen(element) || inSentence(element)) continue;
    const {width, height} = element.getBoundingClientRect();
    const least = element.matches(".button") ? 44 : 24;
    if (height >= least && width >= 24) continue;
    wrong.push(`${Math.round(width)}x${Math.round(height)} ${name(element)}`);
  }
  const inline = [...document.querySelectorAll("[style], style, script:not([src])")].map(name);
  for (const element of document.querySelectorAll("*"))
    if ([...element.attributes].some((one) => one.name.startsWith("on"))) inline.push(name(element));
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  const wide = [];
  if (document.documentElement.scrollWidth > innerWidth)
    for (const element of document.querySelectorAll("main *, header *, footer *"))
      if (element.getBoundingClientRect().right > innerWidth + 1 && !element.closest(".table-wrap"))
        wide.push(name(element));
  return {
    lang: document.documentElement.lang, title: document.title, heads: document.querySelectorAll("h1").length,
    width: document.documentElement.scrollWidth, inline, wrong, wide: wide.slice(0, 3),
    twice: ids.filter((id, place) => ids.indexOf(id) !== place),
  };
}"""
FOCUS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const x = Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1);
  const y = Math.min(Math.max(box.top + Math.min(box.height / 2, 20), 0), innerHeight - 1);
  const above = document.elementFromPoint(x, y);
  const again = "walked" in element.dataset && element !== window.walkedLast;
  element.dataset.walked = "yes";
  window.walkedLast = element;
  return {
    again, isFirst: element.matches(".skip"),
    what: element.outerHTML.slice(0, 120),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    shown: Math.min(box.width, box.height) > 2 && Math.min(box.bottom, box.right) > 0
      && box.top < innerHeight && box.left < innerWidth,
    covered: !!above && !element.contains(above) && !above.contains(element),
  };
}"""
MISSED = """() => {
  const targets = "a[href], button, summary, select, textarea, input:not([type=hidden])";
  return [...document.querySelectorAll(targets)]
    .filter((element) => element.checkVisibility({visibilityProperty: true}) && !element.dataset.walked)
    .map((element) => element.outerHTML.slice(0, 120));
}"""


def planned_share(day: date) -> Decimal:
    """How much of the year's plan is due on the day when it runs evenly."""
    return Decimal((day - date(day.year, 1, 1)).days + 1) / 366


def run(project: Project, cycle: Cycle, ahead: str, by: User, **facts: Any) -> Inspection:
    """An inspection so many hundredths of the year's plan ahead of it (or behind, when negative)."""
    share = min(max(planned_share(cycle.cut_off) + Decimal(ahead), Decimal(0)), Decimal(1))
    done = (1200 * share).quantize(Decimal("0.01"))
    facts = {"remark": "设备按计划安装，二期产线正在调试", **facts}
    return make.make_inspection(
        project,
        cycle,
        by=by,
        cumulative_investment=done + 1200,
        ytd_investment=done,
        progress_percent=min((share * 50 + 50).quantize(Decimal("0.1")), Decimal(100)),
        **facts,
    )


class County:
    """A county in the middle of its half-month: twelve projects of all colours, some done, some not."""

    def __init__(self) -> None:
        now = timezone.now()
        today = shanghai_date(now)
        self.last = HalfMonth.latest_cut_off(today)
        self.county = make.make_county(closes_after_working_days=12)
        self.inspector = make.make_official(name="王调度")
        self.lead = make.make_official(Role.TEAM_LEAD, name="赵组长")
        self.leader = make.make_official(Role.LEADER, name="李县长")
        self.liaison = make.make_official(Role.STATISTICS_LIAISON, name="孙统计")
        self.auditor = make.make_official(Role.AUDITOR, name="周审计")
        self.administrator = make.make_official(Role.SYSTEM_ADMINISTRATOR, name="钱管理", is_staff=True)
        self.city = make.make_official(Role.LEADER, Division.objects.get(code="371400"), name="市长")
        self.projects = self._library()
        self.firm = make.make_enterprise_user(self.projects[0].enterprise)
        self._half_months(now)
        self.batch = hand_in(
            self.county,
            workbooks.NAME,
            workbooks.table(
                workbooks.row(1),
                workbooks.row(2, total=-5),
                workbooks.row(3, enterprise=LONG_FIRM, project=LONG_PROJECT, ytd=900, cumulative=2900),
            ),
            chosen=None,
            by=self.lead,
            at=now,
        )
        self.month = MonthlySummary.objects.latest("month_start")

    def _library(self) -> list[Project]:
        """Three projects each of gold, blue, yellow and red; the first firm has four of them."""
        town = make.make_township()
        firms: list[Enterprise] = [
            make.make_enterprise(self.county, name=LONG_FIRM, township=town, chain="电气设备"),
            *(make.make_enterprise(self.county, township=make.make_township()) for _ in range(3)),
        ]
        year, end = self.last.start.year, self.last.end
        projects = []
        for number in range(12):
            # Inclusion colours on any day of the year: from 30 days after the start yellow, from 60 red.
            started = {2: end - timedelta(days=45), 3: end - timedelta(days=90)}.get(number % 4)
            facts: dict[str, Any] = {}
            if started:
                facts = {"started_on": started, "inclusion_state": "preparing", "included_on": None}
            project = make.make_project(
                firms[number // 4 if number < 4 else 1 + number % 3],
                plan=None,
                name=LONG_PROJECT if number == 0 else f"虚构产线{number}智能化改造项目",
                planned_total=Decimal(3600),
                planned_start_on=date(year - 1, 1, 1),
                planned_completion_on=date(year + 1, 12, 31),
                inspector=self.inspector,
                contact_name="张三",
                contact_phone="13800000000",
                # More than the planned total, so that there is something to explain.
                funds_in_place=Decimal(3700) if number == 0 else None,
                **{"started_on": date(year - 1, 1, 5), "included_on": date(year - 1, 2, 1), **facts},
            )
            for planned in (year - 1, year):
                plan_year(project, planned, Decimal(1200), by=None)
            projects.append(project)
        return projects

    def _half_months(self, now: Any) -> None:
        """Some that are closed, and one in which half is inspected and two wait to be accepted."""
        for back in range(CYCLES - 1, 0, -1):
            cycle = open_cycle(self.county, self.last.plus(-back))
            for number, project in enumerate(self.projects[:11]):
                if (number + back) % 5:
                    run(project, cycle, "0.15" if number % 4 == 0 else "-0.02", self.inspector)
            close_cycle(cycle, by=self.lead, at=now)
        self.cycle = open_cycle(self.county, self.last)
        for number, project in enumerate(self.projects[:4]):
            run(project, self.cycle, "0.15" if number == 0 else "-0.02", self.inspector)
        inspected = Project.objects.filter(pk__in=[one.pk for one in self.projects[:4]])
        assess(inspected, self.county, self.last, at=now)
        make.make_county(needs_second_person=True)
        self.waiting = [run(project, self.cycle, "-0.12", self.inspector) for project in self.projects[4:6]]
        summarise(now)

    @property
    def pages(self) -> dict[str, tuple[User | None, list[str]]]:
        """What each audience opens."""
        first, last = self.projects[0], self.projects[11]
        cycle = f"/office/cycle/{self.last.code}/"
        earlier = self.last.plus(-2).code
        return {
            "inspector": (
                self.inspector,
                [
                    "/office/",
                    "/office/projects/",
                    "/office/projects/?q=zzz&badge=red",
                    f"/office/projects/{first.pk}/",
                    f"/office/projects/{first.pk}/?cycle={earlier}",
                    "/office/projects/add/",
                    f"/office/projects/{first.pk}/plan/",
                    f"/office/projects/{first.pk}/photos/",
                    f"/office/projects/{first.pk}/contact/remove/",
                    "/office/enterprises/",
                    f"/office/enterprises/{first.enterprise_id}/",
                    f"/office/inspect/{last.pk}/",
                    f"/office/inspect/{first.pk}/",
                    "/office/more/",
                    "/office/more/rules/",
                ],
            ),
            "team lead": (
                self.lead,
                [
                    "/office/",
                    cycle,
                    f"{cycle}close/",
                    f"{cycle}skip/",
                    f"{cycle}confirm/",
                    f"/office/inspections/{self.waiting[0].pk}/accept/",
                    f"/office/inspections/{self.waiting[1].pk}/return/",
                    f"/office/projects/{first.pk}/",
                    f"/office/projects/{first.pk}/edit/",
                    f"/office/projects/{first.pk}/stage/",
                    f"/office/projects/{first.pk}/sheet/",
                    f"/office/projects/{first.pk}/warnings/",
                    f"/office/enterprises/{first.enterprise_id}/years/",
                    f"/office/enterprises/{first.enterprise_id}/contacts/add/",
                    "/office/more/data-quality/",
                    "/office/more/imports/",
                    f"/office/more/imports/{self.batch.pk}/",
                ],
            ),
            "leader": (
                self.leader,
                [
                    "/office/",
                    "/office/overview/",
                    f"/office/overview/{self.month.month_start:%Y-%m}/",
                    "/office/projects/?badge=red",
                    f"/office/projects/{self.projects[3].pk}/",
                    f"{cycle}?state=missing",
                ],
            ),
            "enterprise": (
                self.firm,
                [
                    "/my/",
                    "/account/sessions/",
                    f"/my/projects/{first.pk}/",
                    f"/my/projects/{first.pk}/?cycle={earlier}",
                    "/help/",
                    "/account/my-data/",
                    "/account/password/change/",
                ],
            ),
            "statistics liaison": (
                self.liaison,
                ["/office/", "/office/inclusion/", f"/office/inclusion/{self.projects[3].pk}/"],
            ),
            "city leader": (self.city, ["/office/"]),
            "auditor": (self.auditor, ["/office/"]),
            "administrator": (self.administrator, ["/office/"]),
            "nobody": (None, ["/account/login/", "/account/password/reset/", "/help/", "/no-such-page/"]),
        }


@pytest.fixture
def county(browser: Browser) -> County:
    return County()


def let_in(context: BrowserContext, person: User | None, language: str, base_url: str) -> None:
    """Give the browser a person's session and a choice of language."""
    cookies = {settings.LANGUAGE_COOKIE_NAME: language}
    if person is not None:
        client = Client()
        client.force_login(person)
        cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": name, "value": value, "url": base_url} for name, value in cookies.items()])


@contextmanager
def listening(page: Page) -> Iterator[list[str]]:
    """What the browser complains about meanwhile, but that a page does not exist."""
    heard: list[str] = []

    def hear(message: Any) -> None:
        if message.type in ("error", "warning") and "status of 404" not in message.text:
            heard.append(message.text)

    page.on("console", hear)
    yield heard
    page.remove_listener("console", hear)


def violations(page: Page) -> list[str]:
    """What the accessibility checker says against the page as it is now."""
    found = CHECKER.run(page, options=STANDARD).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def look(page: Page, path: str, language: str) -> list[str]:
    """What is wrong with the page's bones, its width and the size of what can be hit."""
    with listening(page) as heard:
        page.goto(path)
    seen = page.evaluate(LOOK)
    wrong = [f"said: {words}" for words in heard]
    if seen["lang"] != LANGUAGES[language]:
        wrong.append(f"in {seen['lang']}")
    if seen["heads"] != 1 or not seen["title"]:
        wrong.append(f"{seen['heads']} h1, title {seen['title']!r}")
    width = page.viewport_size["width"] if page.viewport_size else 0
    if seen["width"] > width:
        wrong.append(f"{seen['width']} px wide: {seen['wide']}")
    wrong += [f"within the page: {words}" for words in seen["inline"]]
    wrong += [f"too small: {words}" for words in seen["wrong"]]
    wrong += [f"two of one id: {words}" for words in seen["twice"]]
    return wrong


def test_every_page_is_for_everybody(county: County, browser: Browser, live_server: Any):
    faults: list[str] = []
    runs = 0
    assert {"gold", "blue", "yellow", "red"} < {project.badge for project in Project.objects.all()}
    with (
        visitor(browser, live_server.url, PHONE, "zh-CN") as pocket,
        visitor(browser, live_server.url, DESKTOP, "zh-CN") as desk,
    ):
        screens = {"phone": pocket.new_page(), "desktop": desk.new_page()}
        for audience, (person, paths) in county.pages.items():
            for language, schemes in SCREENS.items():
                for (device, page), scheme in zip(screens.items(), schemes, strict=True):
                    page.context.clear_cookies()
                    let_in(page.context, person, language, live_server.url)
                    page.emulate_media(color_scheme=scheme)
                    for path in paths:
                        found = look(page, path, language) + violations(page)
                        faults += [f"{audience} {language} {device} {scheme} {path}: {one}" for one in found]
                        runs += 1
    assert runs > 150
    assert not faults, f"{len(faults)} faults in {runs} runs\n" + "\n".join(faults)


def test_the_checker_finds_what_is_wrong(browser: Browser, live_server: Any):
    """A control: a page that is spoilt does not pass."""
    with visitor(browser, live_server.url, PHONE, "zh-CN") as context:
        page = context.new_page()
        page.goto("/account/login/")
        assert violations(page) == []
        page.evaluate("""() => {
          document.querySelector("label").remove();
          document.querySelector("input[name=login]").removeAttribute("placeholder");
          document.querySelector("h1").style.color = "#ccc";
        }""")
        assert {words.split(":")[0] for words in violations(page)} == {"label", "color-contrast"}
        page.evaluate("document.querySelector('main').style.width = '500px'")
        assert page.evaluate(LOOK)["width"] > 390
        assert page.evaluate(LOOK)["inline"]
        page.goto("/account/login/")
        assert walk(page) == []
        page.reload()
        page.evaluate("""() => {
          document.querySelector(".brand").style.outline = "none";
          const field = document.querySelector("input[name=login]");
          field.addEventListener("keydown", (event) => event.preventDefault());
        }""")
        found = {words.split(":")[0] for words in walk(page)}
        assert found == {"no outline", "there is no way out", "left out"}


def walk(page: Page) -> list[str]:
    """Tab from the start of the page to its end; what could not be seen, reached or left on the way."""
    wrong = []
    for _ in range(page.locator("a, button, summary, input, select, textarea, [tabindex='0']").count() + 10):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUS)
        if at is None or (at["again"] and at["isFirst"]):
            break
        if at["again"]:
            wrong.append(f"goes round: {at['what']}")
            break
        faults = {"no outline": not at["outlined"], "hidden": not at["shown"], "covered": at["covered"]}
        wrong += [f"{fault}: {at['what']}" for fault, is_so in faults.items() if is_so]
    else:
        wrong.append("there is no way out")
    return wrong + [f"left out: {what}" for what in page.evaluate(MISSED)]


@pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_focus_reaches_everything_and_is_always_seen(
    county: County, browser: Browser, live_server: Any, device: dict[str, Any]
):
    faults = []
    with visitor(browser, live_server.url, device, "zh-CN") as context:
        page = context.new_page()
        for audience, path in (
            ("nobody", "/account/login/"),
            ("inspector", "/office/"),
            ("inspector", "/office/projects/?badge=red"),
            ("inspector", f"/office/projects/{county.projects[0].pk}/"),
            ("inspector", f"/office/inspect/{county.projects[11].pk}/"),
            ("team lead", "/office/"),
            ("team lead", f"/office/cycle/{county.last.code}/"),
            ("team lead", f"/office/more/imports/{county.batch.pk}/"),
            ("city leader", "/office/"),
            ("enterprise", "/my/"),
        ):
            context.clear_cookies()
            let_in(context, county.pages[audience][0], "en", live_server.url)
            page.goto(path)
            faults += [f"{audience} {path}: {fault}" for fault in walk(page)]
    assert not faults, "\n".join(faults)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {selector} on {page.url}")


def type_over(page: Page, selector: str, text: str) -> None:
    """Replace what stands in the field."""
    tab_to(page, selector)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def test_a_whole_inspection_without_a_mouse(county: County, desktop: BrowserContext):
    page = desktop.new_page()
    page.goto("/")
    type_over(page, "input[name=login]", county.inspector.email)
    type_over(page, "input[name=password]", make.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/office/")

    # The first stop jumps over the navigation.
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".button--main")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/office/inspect/*/")

    # A wrong figure: the summary has the focus, and leads to the field.
    shown = page.url
    type_over(page, "input[name=progress_percent]", "about half")
    page.keyboard.press("Enter")
    expect(page.locator("#errors")).to_be_focused()
    assert page.title().startswith("错误")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    field = page.locator("input[name=progress_percent]")
    expect(field).to_be_focused()
    expect(field).to_have_value("about half")
    assert field.get_attribute("aria-invalid") == "true"
    said = [
        page.locator(f"#{one}").inner_text()
        for one in (field.get_attribute("aria-describedby") or "").split()
    ]
    assert page.locator(".field--wrong .field__error").inner_text() in said

    # Mended, and saved with Enter; the next project comes by itself. A sentence explains what may look odd.
    before = Inspection.objects.count()
    share = planned_share(county.last.end)
    type_over(page, "[name=remark]", "二期设备已到场")
    type_over(page, "input[name=ytd_investment]", f"{1200 * share:.2f}")
    type_over(page, "input[name=progress_percent]", f"{50 + 50 * share:.1f}")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.split("#")[0] != shown)
    assert Inspection.objects.count() == before + 1
    expect(page.locator("h1")).to_be_visible()


def test_keys_lead_to_the_search_and_close_what_is_open(
    county: County, desktop: BrowserContext, live_server: Any
):
    let_in(desktop, county.inspector, "en", live_server.url)
    page = desktop.new_page()
    page.goto("/office/projects/")
    search = page.locator("input[name=q]")
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("a/b")
    expect(search).to_have_value("a/b")

    # Who speaks to the computer switches the key off, and it stays off.
    page.locator("[data-search-key]").uncheck()
    page.reload()
    page.keyboard.press("/")
    expect(search).not_to_be_focused()
    expect(page.locator("[data-search-key]")).not_to_be_checked()

    menu = page.locator(".top .menu")
    tab_to(page, ".top .menu summary")
    page.keyboard.press("Enter")
    expect(menu.locator("button")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(menu.locator("button")).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()

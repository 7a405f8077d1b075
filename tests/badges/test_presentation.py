"""What is drawn of a badge says what the badge was judged by."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree

import pytest
import time_machine
from django.template.loader import render_to_string
from django.utils import translation

from tests.factories import moment
from tracker.badges import rules
from tracker.badges.keeping import inputs_of
from tracker.badges.models import Award, BadgePolicy
from tracker.badges.policy import DEFAULT_POINTS, WUHAN_RATIO, Policy
from tracker.badges.presentation import history_strip, idle_until, light_rows, plan_chart
from tracker.calendars.periods import HalfMonth
from tracker.library.models import Project

READING = rules.Reading(
    cut_off=date(2026, 10, 31),
    stage=rules.Stage.BUILDING,
    planned_start=date(2026, 1, 1),
    actual_start=date(2026, 1, 5),
    planned_completion=date(2026, 12, 31),
    planned_total=Decimal(2000),
    annual_plan=Decimal(1000),
    ytd_investment=Decimal(600),
    progress_percent=Decimal(80),
    inclusion_state=rules.InclusionState.INCLUDED,
)
OCTOBER_15, OCTOBER_31 = date(2026, 10, 1), date(2026, 10, 16)


def award_for(reading: rules.Reading = READING, policy: Policy = DEFAULT_POINTS, **facts) -> Award:
    verdict = rules.judge(reading, policy)
    facts = {
        "cycle_start": HalfMonth.containing(reading.cut_off).start,
        "badge": verdict.badge.code,
        "reason_en": "Because.",
        "reason_zh": "因为。",
        "state": Award.State.CONFIRMED,
        "assigned_at": None,
        **facts,
    }
    return Award(
        policy=BadgePolicy(code=policy.code, terms=policy.to_dict(), effective_from=date(2026, 1, 1)),
        decisive=verdict.decisive.value if verdict.decisive else "",
        lights=[light.as_dict() for light in verdict.lights],
        inputs=inputs_of(reading),
        **facts,
    )


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


def row_of(award: Award, dimension: str):
    return next(row for row in light_rows(award) if row.dimension == dimension)


# --- lights ---


def test_the_decisive_light_comes_first_and_the_others_keep_their_order():
    rows = light_rows(award_for())
    assert [row.dimension for row in rows] == ["investment", "start", "progress", "inclusion", "freshness"]
    assert [row.is_decisive for row in rows] == [True, False, False, False, False]


def test_a_light_against_a_plan_shows_planned_actual_gap_and_limits():
    row = row_of(award_for(), "investment")
    assert (row.planned, row.actual, row.gap) == ("83.3 %", "60.0 %", "23.3 points behind")
    assert row.limits == "yellow from 10 points behind, red above 30"
    assert row.badge == "yellow"


def test_a_lead_is_said_as_one():
    row = row_of(award_for(replace(READING, ytd_investment=Decimal(900))), "investment")
    assert row.gap == "6.7 points ahead"


@pytest.mark.parametrize(
    ("gap", "shown", "badge"),
    [
        ("9.98", "9.98 points behind", "blue"),
        ("10", "10.0 points behind", "yellow"),
        ("30.02", "30.02", "red"),
    ],
)
def test_a_gap_never_looks_like_the_next_colour(gap: str, shown: str, badge: str):
    award = award_for()
    light = next(light for light in award.lights if light["dimension"] == "investment")
    light.update(gap=gap, badge=badge)
    assert row_of(award, "investment").gap.startswith(shown)


@pytest.mark.parametrize(
    ("facts", "dimension", "note"),
    [
        ({"annual_plan": None}, "investment", "not judged: there is no plan for this year"),
        ({"planned_completion": None}, "progress", "not judged: the planned start or completion is missing"),
        ({"progress_percent": None}, "progress", "not judged: no progress was reported"),
        ({"planned_total": Decimal(499)}, "inclusion", "does not apply: the planned total is under 500 万元"),
        (
            {"actual_start": None, "inclusion_state": rules.InclusionState.PREPARING},
            "inclusion",
            "not judged: the day of the start is not known",
        ),
    ],
)
def test_a_dimension_without_a_light_says_why(facts: dict, dimension: str, note: str):
    row = row_of(award_for(replace(READING, **facts)), dimension)
    assert (row.badge, row.note) == ("", note)


def test_a_light_held_by_a_reason_says_until_when():
    reason = rules.ApprovedReason(rules.Dimension.INVESTMENT, date(2026, 12, 31), rules.ReasonKind.LAND)
    row = row_of(award_for(replace(READING, held=(reason,))), "investment")
    assert row.badge == "blue"
    assert row.note == "held at blue by an approved reason (land) until 31 December 2026"


def test_lights_that_count_say_what_they_count():
    late = replace(
        READING,
        inclusion_state=rules.InclusionState.PREPARING,
        actual_start=date(2026, 9, 16),
        cycles_missing=2,
    )
    inclusion, freshness = row_of(award_for(late), "inclusion"), row_of(award_for(late), "freshness")
    assert (inclusion.planned, inclusion.gap) == ("within 30 days of the start", "45 days since the start")
    assert freshness.actual == "2 half-months missing"
    idle = replace(READING, stage=rules.Stage.FILED, actual_start=None, planned_start=date(2026, 8, 1))
    start = row_of(award_for(idle), "start")
    assert (start.planned, start.actual, start.gap) == ("August 2026", "not started", "3 months late")


def test_a_project_without_a_rating_has_no_lights():
    assert light_rows(award_for(replace(READING, stage=rules.Stage.SUSPENDED))) == []


def test_the_ratio_rule_tells_its_own_limits():
    row = row_of(award_for(policy=WUHAN_RATIO), "investment")
    assert row.limits == "yellow below 80 % of the plan to date, red below 60 %"


def test_a_year_without_investment_falls_behind_on_known_days():
    assert idle_until(DEFAULT_POINTS, 2026) == (date(2026, 2, 6), date(2026, 4, 20))
    assert idle_until(WUHAN_RATIO, 2026) is None


# --- the chart ---


def test_the_chart_has_a_figure_for_each_half_month_and_dots_where_something_was_done():
    chart = plan_chart(award_for(), [(OCTOBER_15, Decimal(550)), (OCTOBER_31, Decimal(600))])
    assert len(chart.figures) == 24
    assert len(chart.dots) == 2
    latest = chart.latest
    assert (latest.cut_off, latest.done_amount, latest.done_percent) == (date(2026, 10, 31), 600, 60)
    assert latest.planned_percent == Decimal("83.29")
    assert latest.gap == Decimal("23.29")


def test_the_chart_shows_only_what_the_badge_could_rest_on():
    done = [(date(2025, 12, 16), Decimal(900)), (OCTOBER_31, Decimal(600)), (date(2026, 11, 1), Decimal(700))]
    chart = plan_chart(award_for(), done)
    assert [figure.done_amount for figure in chart.figures if figure.done_amount is not None] == [600]


def test_there_is_no_chart_without_a_plan():
    assert plan_chart(award_for(replace(READING, annual_plan=None)), [(OCTOBER_31, Decimal(600))]) is None


@pytest.mark.parametrize("done", ["0", "600", "1000", "2600", "99999"])
def test_everything_is_drawn_within_the_drawing(done: str):
    chart = plan_chart(award_for(), [(OCTOBER_31, Decimal(done))])
    points = " ".join([chart.plan, chart.done, chart.yellow, chart.red]).split()
    places = [tuple(map(float, point.split(","))) for point in points]
    places += [(float(place.x), float(place.y)) for place in (*chart.dots, chart.done_label)]
    assert all(chart.left <= x <= chart.right and 0 <= y <= chart.bottom for x, y in places)
    assert len(chart.lines) <= 6


def test_more_done_is_drawn_higher():
    low, high = (plan_chart(award_for(), [(OCTOBER_31, Decimal(done))]).dots[0].y for done in ("200", "900"))
    assert float(high) < float(low)


def test_the_bands_begin_ten_and_thirty_points_below_the_plan():
    chart = plan_chart(award_for(), [])
    per_point = (float(chart.lines[0][0].y) - float(chart.lines[-1][0].y)) / chart.lines[-1][1]
    plan_end = float(chart.plan.split()[-1].split(",")[1])
    yellow_top = float(chart.yellow.split()[24].split(",")[1])
    red_top = float(chart.red.split()[24].split(",")[1])
    assert yellow_top - plan_end == pytest.approx(10 * per_point, abs=0.2)
    assert red_top - plan_end == pytest.approx(30 * per_point, abs=0.2)


def test_the_chart_is_well_formed_named_and_repeated_as_a_table():
    chart = plan_chart(award_for(), [(OCTOBER_31, Decimal(600))])
    html = render_to_string("parts/_plan_chart.html", {"chart": chart, "name": "badge"})
    svg = ElementTree.fromstring(html[html.index("<svg") : html.index("</svg>") + len("</svg>")])
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == "badge-title badge-desc"
    assert svg.find("title").text == "Plan and investment in 2026"
    assert "83.3 % of the year's plan was due and 60.0 % was done" in svg.find("desc").text
    assert {text.text for text in svg.findall("text")} >= {"Plan", "Done", "Yellow", "Red", "100%", "Jan"}
    assert html.count('<th scope="row"') == 24


# --- the history ---


def strip_of(badges: dict[str, str], until: str = "2026-10-H2", skipped=()):
    awards = [
        award_for(cycle_start=HalfMonth.parse(code).start, badge=badge) for code, badge in badges.items()
    ]
    return history_strip(awards, HalfMonth.parse(until), skipped)


def test_the_strip_begins_with_the_first_badge_and_goes_up_to_now():
    marks = strip_of({"2026-09-H1": "blue", "2026-09-H2": "yellow"})
    assert [mark.half_month.code for mark in marks] == [
        "2026-09-H1",
        "2026-09-H2",
        "2026-10-H1",
        "2026-10-H2",
    ]
    assert [mark.badge for mark in marks] == ["blue", "yellow", "", ""]


def test_the_strip_ends_after_24_half_months():
    half = HalfMonth.parse("2026-10-H2")
    marks = strip_of({half.plus(-back).code: "blue" for back in range(40)})
    assert len(marks) == 24
    assert marks[0].half_month.code == "2025-11-H1"


def test_a_red_made_good_says_by_when():
    marks = strip_of({"2026-08-H2": "red", "2026-09-H1": "red", "2026-09-H2": "none", "2026-10-H1": "yellow"})
    assert [mark.made_good_on for mark in marks[:2]] == [date(2026, 10, 15), date(2026, 10, 15)]


def test_a_red_that_lasts_is_not_made_good():
    assert [mark.made_good_on for mark in strip_of({"2026-10-H1": "red", "2026-10-H2": "red"})] == [
        None,
        None,
    ]


def test_a_half_month_that_the_county_left_out_says_so():
    marks = strip_of({"2026-09-H2": "blue", "2026-10-H2": "blue"}, skipped={OCTOBER_15})
    assert marks[1].sentence == "The county left this half-month out."


def test_a_superseded_badge_is_not_in_the_strip():
    standing = award_for(badge="blue")
    superseded = award_for(badge="red", state=Award.State.SUPERSEDED)
    for awards in ([standing, superseded], [superseded, standing]):
        assert [mark.badge for mark in history_strip(awards, HalfMonth.parse("2026-10-H2"))] == ["blue"]


def test_the_strip_is_a_list_whose_marks_open_by_key_and_tap():
    marks = strip_of({"2026-10-H1": "red", "2026-10-H2": "blue"})
    html = render_to_string(
        "parts/_history_strip.html", {"marks": marks, "name": "history", "page_url": "/p/"}
    )
    assert html.count("<li") == html.count("<summary") == 2
    assert "<ol" in html
    assert "first half of October 2026: Red, made good on 31 October 2026" in html
    assert 'href="/p/?cycle=2026-10-H1"' in html


# --- the card ---


@time_machine.travel(moment(date(2026, 11, 2)), tick=False)
def test_the_card_shows_the_decisive_row_first_and_marked():
    award = award_for(state=Award.State.PROVISIONAL, to_improve_en="96 万元 more by 15 November reaches blue")
    html = render_to_string(
        "parts/_explanation.html", {"award": award, "project": Project(), "name": "badge"}
    )
    body = html[html.index("<tbody") :]
    assert (
        body.index("is-decisive")
        < body.index("<th")
        < body.index("Investment this year")
        < body.index("Start")
    )
    assert "provisional" in html
    assert "96 万元 more by 15 November reaches blue" in html


def test_a_project_without_a_badge_says_what_a_badge_follows_from():
    html = render_to_string("parts/_explanation.html", {"award": None, "project": Project(), "name": "badge"})
    assert "A badge follows from the first inspection that counts." in html

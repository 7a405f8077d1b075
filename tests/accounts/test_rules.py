"""When a session is over, what a device is called, what kinds of signs a password has."""

from datetime import UTC, datetime, timedelta

import pytest

from tracker.accounts.rules import PROFILES, Due, Limits, Why, device, due, kinds_in

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
HALF_HOUR, TWELVE_HOURS = timedelta(minutes=30), timedelta(hours=12)
LIMITS = Limits(HALF_HOUR, TWELVE_HOURS)
A_MOMENT = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("since_sign_in", "since_last_seen", "why"),
    [
        (timedelta(), timedelta(), None),
        (timedelta(hours=1), HALF_HOUR - A_MOMENT, None),
        (timedelta(hours=1), HALF_HOUR, Why.IDLE),
        (TWELVE_HOURS - A_MOMENT, timedelta(), None),
        (TWELVE_HOURS, timedelta(), Why.LONGEST),
        (TWELVE_HOURS, HALF_HOUR, Why.LONGEST),
    ],
)
def test_a_session_is_over_at_either_limit(
    since_sign_in: timedelta, since_last_seen: timedelta, why: Why | None
):
    assert LIMITS.why_over(NOON - since_sign_in, NOON - since_last_seen, NOON) is why


def test_activity_is_noted_once_a_minute_at_most():
    assert LIMITS.seen_every == timedelta(minutes=1)


def test_a_short_idle_limit_is_measured_more_finely():
    assert Limits(timedelta(minutes=5), TWELVE_HOURS).seen_every == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("user_agent", "names"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 "
            "Safari/537.36 Edg/126.0",
            ("Edge", "Windows"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; V2307A) AppleWebKit/537.36 Version/4.0 Chrome/126.0 Mobile "
            "Safari/537.36 MicroMessenger/8.0.49",
            ("WeChat", "Android"),
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 "
            "Mobile/15E148 Safari/604.1",
            ("Safari", "iPhone"),
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", ("Firefox", "Linux")),
        ("curl/8.5", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_device_is_named_by_browser_and_system(user_agent: str, names: tuple[str, str]):
    assert device(user_agent) == names


@pytest.mark.parametrize(
    ("password", "kinds"), [("", 0), ("abc", 1), ("aB", 2), ("aB1", 3), ("aB1!", 4), ("密码", 1), ("a b", 2)]
)
def test_four_kinds_of_signs_are_told_apart(password: str, kinds: int):
    assert kinds_in(password) == kinds


@pytest.mark.parametrize(
    ("profile", "age", "set_by_another", "why"),
    [
        ("asvs", timedelta(days=4000), False, None),
        ("asvs", timedelta(), True, None),
        ("mlps", timedelta(days=90) - A_MOMENT, False, None),
        ("mlps", timedelta(days=90), False, Due.EXPIRED),
        ("mlps", timedelta(), True, Due.SET_BY_ANOTHER),
    ],
)
def test_a_password_is_due_as_the_profile_says(
    profile: str, age: timedelta, set_by_another: bool, why: Due | None
):
    assert due(PROFILES[profile], NOON - age, set_by_another, NOON) is why

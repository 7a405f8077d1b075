"""When a session ends, what a device is called, and what a password must be: decided on plain values."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# Before either limit somebody who is at the page is warned so long before.
WARNING = timedelta(minutes=2)
# Activity is written down this often at most.
SEEN_AT_MOST_EVERY = timedelta(minutes=1)


class Why(StrEnum):
    """Why a session is over."""

    IDLE = "idle"
    LONGEST = "longest"
    SIGNED_OUT = "signed_out"
    AGAIN = "again"
    BY_PERSON = "by_person"
    BY_ADMINISTRATOR = "by_administrator"
    CHANGED = "changed"


@dataclass(frozen=True)
class Limits:
    """How long a session lasts without activity, and at the longest."""

    idle: timedelta
    longest: timedelta

    def why_over(self, signed_in_at: datetime, last_seen_at: datetime, now: datetime) -> Why | None:
        """Which limit has ended the session by now, if one has."""
        if now >= signed_in_at + self.longest:
            return Why.LONGEST
        if now >= last_seen_at + self.idle:
            return Why.IDLE
        return None

    @property
    def minutes(self) -> int:
        """The idle limit as people say it."""
        return round(self.idle / timedelta(minutes=1))

    @property
    def hours(self) -> int:
        """The absolute limit as people say it."""
        return round(self.longest / timedelta(hours=1))

    @property
    def seen_every(self) -> timedelta:
        """How old the note of the last activity may be before it is written anew."""
        return min(SEEN_AT_MOST_EVERY, self.idle / 10)


# The first that is found names the browser: later ones stand in the names of earlier ones.
BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("DingTalk", "DingTalk"),
    ("QQBrowser", "QQ"),
    ("HuaweiBrowser", "Huawei"),
    ("MiuiBrowser", "Xiaomi"),
    ("Quark", "Quark"),
    ("UCBrowser", "UC"),
    ("SamsungBrowser", "Samsung"),
    ("OPR/", "Opera"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("OpenHarmony", "HarmonyOS"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> tuple[str, str]:
    """The browser and the system by their names; empty where they cannot be told."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    return browser, system


@dataclass(frozen=True)
class PasswordProfile:
    """What a password must be, and for how long it may be used."""

    least_length: int
    least_kinds: int = 0
    lasts: timedelta | None = None
    # How many of the last passwords, the present one included, are refused as a new one.
    remembered: int = 0
    changes_what_others_set: bool = False


# OWASP ASVS 5 asks for length and forbids composition and rotation; MLPS 2.0 asks for both (ADR 11).
PROFILES = {
    "asvs": PasswordProfile(least_length=12),
    "mlps": PasswordProfile(
        least_length=8,
        least_kinds=3,
        lasts=timedelta(days=90),
        remembered=5,
        changes_what_others_set=True,
    ),
}
KINDS = (re.compile(r"[A-Z]"), re.compile(r"[a-z]"), re.compile(r"[0-9]"), re.compile(r"[^A-Za-z0-9]"))


def kinds_in(password: str) -> int:
    """How many of the four kinds it has: capital letters, small letters, digits, other signs."""
    return sum(bool(kind.search(password)) for kind in KINDS)


class Due(StrEnum):
    """Why a password has to be changed before anything else."""

    SET_BY_ANOTHER = "set_by_another"
    EXPIRED = "expired"


def due(profile: PasswordProfile, changed_at: datetime, set_by_another: bool, now: datetime) -> Due | None:
    """Whether the password has to be changed first, and why."""
    if profile.changes_what_others_set and set_by_another:
        return Due.SET_BY_ANOTHER
    if profile.lasts is not None and now >= changed_at + profile.lasts:
        return Due.EXPIRED
    return None

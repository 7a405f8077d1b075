"""By what a record is found and put in order: its names, their pinyin, its codes."""

import re
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.db import connections, models
from django.db.models import F, Func, Value

from tracker.library import rules

# Signs with two well-known readings that begin with different letters; whichever is typed is found.
READINGS = {
    "重": "cz",
    "长": "cz",
    "朝": "cz",
    "藏": "cz",
    "曾": "cz",
    "传": "cz",
    "盛": "cs",
    "厦": "sx",
    "行": "hx",
    "乐": "ly",
    "调": "dt",
    "弹": "dt",
    "单": "ds",
    "率": "ls",
    "降": "jx",
    "解": "jx",
    "系": "jx",
    "校": "jx",
    "会": "hk",
    "区": "oq",
    "查": "cz",
    "种": "cz",
    "仇": "cq",
    "贾": "gj",
}
READINGS_KEPT = 4
LONGEST_PINYIN, LONGEST_INITIALS = 60, 500
# More words than these in one search only cost time.
WORDS_AT_ONCE = 5
# What starts with a Chinese sign is looked up by two signs, the rest by three: a letter says less.
CHINESE_GRAM, OTHER_GRAM = 2, 3
# From this share of rows on an index is no help; the database's notes are read again after so many seconds.
COMMON = 0.05
NOTED_AGAIN_AFTER = 600


@lru_cache(maxsize=8192)
def _syllables(name: str) -> list[str]:
    # Its dictionary is large: only a process that writes names loads it.
    from pypinyin import lazy_pinyin

    return lazy_pinyin(name, errors=list)  # type: ignore[arg-type]  # it takes lists as well


def _plain(name: str) -> str:
    return rules.normalised(name).lower()


def pinyin(name: str) -> str:
    """A name's common reading, by which names are put in order: "hongtuzhuzao"."""
    return "".join(sign for sign in "".join(_syllables(_plain(name))) if sign.isalnum())[:LONGEST_PINYIN]


def initials(name: str) -> str:
    """The first letters of a name's signs: "htzz"; a sign with two readings gives one reading more."""
    plain = _plain(name)
    pairs = [
        (sign, syllable[:1])
        for sign, syllable in zip(plain, _syllables(plain), strict=True)
        if syllable[:1].isalnum()
    ]
    common = [letter for _, letter in pairs]
    readings = ["".join(common)]
    for place, (sign, letter) in enumerate(pairs):
        for other in READINGS.get(sign, ""):
            if other != letter and len(readings) < READINGS_KEPT:
                readings.append("".join([*common[:place], other, *common[place + 1 :]]))
    return " ".join(readings)[:LONGEST_INITIALS]


def document(parts: Iterable[str | None]) -> str:
    """All that a record is found by, one a line, as it is compared: half-width and in small letters."""
    return "\n".join(_plain(part) for part in parts if part)


def keys_of_name(name: str) -> list[str]:
    """What a name is found by."""
    return [name, initials(name)]


def fragments(search: str) -> list[str]:
    """What was typed, as what has to occur: each word of it; twenty digits are a project code."""
    words = _plain(search.replace("\x00", "")).split()[:WORDS_AT_ONCE]
    return [rules.project_code(word) if re.fullmatch(r"\d{20}", word) else word for word in words]


class Holds(Func):
    """Whether a field of `document` holds a fragment, wherever it stands.

    PostgreSQL first narrows down by an index of short pieces (migration 0031 makes `tracker_grams`); plain
    comparison then says whether the pieces stand together. What stands in every tenth row is found sooner
    without the index. SQLite, made for one county, just compares.
    """

    output_field = models.BooleanField()
    conditional = True
    template = "instr(%(expressions)s) > 0"

    def __init__(self, field: str, fragment: str, **extra: Any) -> None:
        super().__init__(F(field), Value(fragment), **extra)
        self.fragment = fragment

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """With the index."""
        field, params = compiler.compile(self.source_expressions[0])
        if _share(connection, self.fragment) >= COMMON:
            return f"strpos({field}, %s) > 0", [*params, self.fragment]
        sql = f"(strpos({field}, %s) > 0 AND tracker_grams({field}) @@ %s::tsquery)"
        return sql, [*params, self.fragment, *params, grams_query(self.fragment)]


def _share(connection: Any, fragment: str) -> float:
    """The share of projects that hold a fragment of one piece, as far as PostgreSQL has noted it."""
    if len(fragment) > _width(fragment[0]):
        return 0.0
    slot = int(time.monotonic() // NOTED_AGAIN_AFTER)
    shares = _noted_shares(connection.alias, connection.settings_dict["NAME"], slot)
    return max((share for piece, share in shares.items() if piece.startswith(fragment)), default=0.0)


@lru_cache(maxsize=2)
def _noted_shares(alias: str, name: str, slot: int) -> dict[str, float]:
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT most_common_elems::text::text[], most_common_elem_freqs FROM pg_stats "
            "WHERE schemaname = current_schema() AND tablename = 'project_found_by'"
        )
        row = cursor.fetchone()
    return dict(zip(row[0], row[1], strict=False)) if row and row[0] else {}


def grams_query(fragment: str) -> str:
    """The pieces that a text with this fragment has, as PostgreSQL asks for them."""
    pieces = [fragment[place : place + _width(sign)] for place, sign in enumerate(fragment)]
    whole = {piece for piece in pieces if len(piece) == _width(piece[0])}
    # A fragment shorter than a piece is the beginning of one.
    return " & ".join(map(_quoted, sorted(whole))) if whole else f"{_quoted(fragment)}:*"


def _width(sign: str) -> int:
    return OTHER_GRAM if ord(sign) < 128 else CHINESE_GRAM


def _quoted(piece: str) -> str:
    escaped = piece.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"

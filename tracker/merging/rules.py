"""When two names may be of one thing. Plain Python."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from difflib import SequenceMatcher
from itertools import combinations

from tracker.library.rules import normalised

# A share of signs in the same order (Ratcliff/Obershelp); one sign of seven may be another one.
LIKE = 0.85
TRADE_NAME = 2
# Of more with one trade name than a county ever has, only the same names are told.
MOST_COMPARED = 300
SHORTEST = 2

LEGAL_FORMS = re.compile(r"(有限责任公司|股份有限公司|有限公司|股份公司|责任公司|集团公司|集团|股份|公司)+$")
OF_A_PROJECT = re.compile(r"(技术改造|技改|改造|建设)?(项目|工程)$|(技术改造|技改|改造)$")
BRACKETS = re.compile(r"[()\[\]【】〔〕<>《》\"'“”·.,、-]")
PLACE_ENDS = ("省", "市", "县", "区")


def core_of(name: str, places: Iterable[str]) -> str:
    """What tells an enterprise's name from others: without places, brackets and legal form."""
    text = re.sub(r"\s", "", normalised(name)).lower()
    bare = BRACKETS.sub("", text)
    core = LEGAL_FORMS.sub("", _without_places(bare, list(places)))
    return core if len(core) >= SHORTEST else bare


def core_of_project(name: str, places: Iterable[str]) -> str:
    """What tells a project's name from others: without places, brackets and the word project."""
    text = re.sub(r"\s", "", normalised(name)).lower()
    bare = BRACKETS.sub("", text)
    core = OF_A_PROJECT.sub("", _without_places(bare, list(places)))
    return core if len(core) >= SHORTEST else bare


def _without_places(text: str, places: list[str]) -> str:
    """Without the places that it begins with, 山东省德州市 or 山东德州, and those left over from brackets."""
    names = sorted({*places, *(_short(place) for place in places)}, key=len, reverse=True)
    begins = re.compile(f"^({'|'.join(map(re.escape, names))})") if names else None
    while begins and (found := begins.match(text)) and len(text) - found.end() >= SHORTEST:
        text = text[found.end() :]
    for place in names:
        if place.endswith(PLACE_ENDS):
            text = text.replace(place, "")
    return text


def _short(place: str) -> str:
    return place[:-1] if place.endswith(PLACE_ENDS) and len(place) > SHORTEST else place


# How the signs of a text are spoken; a dictionary that is none of the rule's business.
Sound = Callable[[str], str]


def are_one_enterprise(one: str, other: str, sound: Sound) -> bool:
    """Whether two cores may be of one enterprise: called by the same trade name, and alike in the rest.

    Half a county's enterprises differ by their trade name (字号, the first two signs) alone; one that is
    mistyped mostly sounds the same.
    """
    return sound(one[:TRADE_NAME]) == sound(other[:TRADE_NAME]) and are_like(one, other)


def are_like(one: str, other: str) -> bool:
    """Whether two cores may be of one thing: the same, or with few signs of another kind."""
    if one == other:
        return True
    # Several lines of one works differ by their number alone: 一期 and 二期 are two projects.
    if _numbers(one) != _numbers(other):
        return False
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= LIKE


def _numbers(core: str) -> list[str]:
    return re.findall(r"[0-9]+|[一二三四五六七八九十]+(?=期|号|线|车间|厂)", core)


def pairs_of_enterprises(cores: dict[int, str], sound: Sound) -> Iterator[tuple[int, int]]:
    """All pairs of keys, the smaller first, whose cores may be of one enterprise."""
    of_sound: dict[str, list[int]] = defaultdict(list)
    for key in sorted(cores):
        of_sound[sound(cores[key][:TRADE_NAME])].append(key)
    for keys in of_sound.values():
        if len(keys) <= MOST_COMPARED:
            yield from pairs_alike({key: cores[key] for key in keys})
        else:
            yield from _pairs_equal({key: cores[key] for key in keys})


def _pairs_equal(cores: dict[int, str]) -> Iterator[tuple[int, int]]:
    having: dict[str, list[int]] = defaultdict(list)
    for key in sorted(cores):
        having[cores[key]].append(key)
    for keys in having.values():
        yield from combinations(keys, 2)


def pairs_alike(cores: dict[int, str]) -> Iterator[tuple[int, int]]:
    """All pairs of keys, the smaller first, whose cores are like each other."""
    for one, other in combinations(sorted(cores), 2):
        if are_like(cores[one], cores[other]):
            yield one, other

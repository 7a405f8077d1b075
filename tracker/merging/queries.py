"""Which records of a county may be of one thing."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Q
from pypinyin import lazy_pinyin

from tracker.library.models import Division, Enterprise, Project, Stage
from tracker.merging import rules
from tracker.merging.models import DifferentEnterprises, DifferentProjects

type_of_pair: dict[type[Any], type[Any]] = {Enterprise: DifferentEnterprises, Project: DifferentProjects}
Pair = tuple[int, int]


def spoken(text: str) -> str:
    """How the text is spoken, without tones: what sounds the same is often the same, mistyped."""
    return " ".join(lazy_pinyin(text))


def like_enterprises(county: Division) -> list[tuple[Enterprise, Enterprise]]:
    """Pairs of the county that may be one enterprise, but for those that were told apart."""
    names = dict(Enterprise.objects.of_county(county).values_list("pk", "name"))
    places = places_of(county)
    cores = {pk: rules.core_of(name, places) for pk, name in names.items()}
    found = rules.pairs_of_enterprises(cores, spoken)
    apart = set(DifferentEnterprises.objects.filter(one__county=county).values_list("one", "other"))
    return _with_rows(Enterprise, [pair for pair in found if pair not in apart])


def like_projects(county: Division) -> list[tuple[Project, Project]]:
    """Pairs of projects, each of one enterprise, that may be one project."""
    rows = Project.objects.of_county(county).exclude(stage=Stage.MERGED)
    places = places_of(county)
    of_enterprise: dict[int, dict[int, str]] = defaultdict(dict)
    for pk, enterprise, name in rows.values_list("pk", "enterprise", "name"):
        of_enterprise[enterprise][pk] = rules.core_of_project(name, places)
    found = [pair for cores in of_enterprise.values() if len(cores) > 1 for pair in rules.pairs_alike(cores)]
    apart = set(DifferentProjects.objects.filter(one__county=county).values_list("one", "other"))
    return _with_rows(Project, [pair for pair in found if pair not in apart])


def _with_rows(model: type[Any], pairs: list[Pair]) -> list[tuple[Any, Any]]:
    rows = model._default_manager.filter(pk__in={pk for pair in pairs for pk in pair})
    rows = rows.select_related("township", *(["enterprise"] if model is Project else []))
    by_id = {row.pk: row for row in rows}
    return [(by_id[one], by_id[other]) for one, other in pairs if one in by_id and other in by_id]


def enterprises_like(name: str, county: Division, besides: Enterprise | None = None) -> list[Enterprise]:
    """The county's enterprises that may be the one of this name, `besides` itself."""
    places = places_of(county)
    core = rules.core_of(name, places)
    # One sign of the trade name at least is the same, whatever the other one was mistyped for.
    named = Q(name__icontains=core[:1]) | Q(name__icontains=core[1 : rules.TRADE_NAME])
    others = Enterprise.objects.of_county(county).filter(named)
    return _like(
        others, besides, lambda name: rules.are_one_enterprise(core, rules.core_of(name, places), spoken)
    )


def alike(project: Project, others: Iterable[Project], places: list[str], apart: Iterable[Pair]) -> set[int]:
    """Which of the enterprise's other projects may be the same one, of what was fetched already."""
    core = rules.core_of_project(project.name, places)
    told_apart = {pk for pair in apart for pk in pair}
    return {
        other.pk
        for other in others
        if other.pk not in told_apart and rules.are_like(core, rules.core_of_project(other.name, places))
    }


def projects_like(name: str, enterprise: Enterprise, besides: Project | None = None) -> list[Project]:
    """The enterprise's projects that may be the one of this name, `besides` itself."""
    others = Project.objects.filter(enterprise=enterprise).exclude(stage=Stage.MERGED)
    places = places_of(enterprise.county)
    core = rules.core_of_project(name, places)
    return _like(others, besides, lambda name: rules.are_like(core, rules.core_of_project(name, places)))


def _like(others: Any, besides: Any, is_like: Callable[[str], bool]) -> list[Any]:
    named = others.order_by("pk").values_list("pk", "name")
    own = besides.pk if besides is not None else None
    found = {pk for pk, name in named if pk != own and is_like(name)}
    if not found:
        return []
    apart: set[int] = set()
    if besides is not None:
        pairs = type_of_pair[type(besides)]._default_manager.filter(Q(one=own) | Q(other=own))
        apart = {pk for pair in pairs.values_list("one", "other") for pk in pair}
    return list(others.filter(pk__in=found - apart).order_by("name", "pk"))


def places_of(county: Division) -> list[str]:
    """What names begin with in the county: it, the city and the province."""
    ids = [int(part) for part in county.path.strip("/").split("/")]
    return list(Division.objects.filter(pk__in=ids).values_list("name_zh", flat=True))

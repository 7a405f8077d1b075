"""Fills the databases, takes the measures, prints them, and says whether every limit holds."""

import argparse
import importlib
import json
import os
import pkgutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.measures import Measure, Result
    from bench.worlds import Scale

KEPT = Path(__file__).resolve().parent.parent / "var" / "bench.json"


def main() -> int:
    """The whole run."""
    with tempfile.TemporaryDirectory(prefix="jigai-bench-") as state:
        _set_up(state)
        asked = _asked()
        scale = _filled(asked.scale, asked.projects)
        results: list[Result] = []
        print(f"{'':6}{'':50}{'ours':>12}{'floor':>12}{'ratio':>9}{'limit':>9}")
        for name, measures in modules():
            if asked.only and name not in asked.only:
                continue
            scale.large.enter()
            for measure in measures(scale):
                result = _taken(measure, asked.repeats)
                results.append(result)
                print(_line(result), flush=True)
                scale.large.enter()
    _keep(results, scale)
    failed = [result.name for result in results if not result.holds]
    print(f"bench: {len(results) - len(failed)} of {len(results)} limits hold; the figures are in {KEPT}")
    return 1 if failed or not results else 0


def _asked() -> argparse.Namespace:
    from bench.worlds import SCALES

    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("only", nargs="*", help="names of modules in bench/ (default: all)")
    parser.add_argument("--scale", choices=SCALES, default="usual", help="how much is filled in")
    parser.add_argument("--projects", type=int, help="projects of the large world, instead of the scale's")
    parser.add_argument("--repeats", type=int, default=9, help="samples of each side (default: 9)")
    return parser.parse_args()


def _set_up(state: str) -> None:
    import django

    Path(state, "static").mkdir()
    os.environ |= {"JIGAI_ENV": "test", "JIGAI_VAR": state, "REDIS_URL": "memory://"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()


def _filled(name: str, projects: int | None) -> "Scale":
    from django.core.management import call_command
    from django.db import connection

    from bench.filling import fill
    from bench.worlds import SCALES, Scale, World

    few, many = SCALES[name]
    scale = Scale(name, World("bench_small", few), World("bench_large", projects or many))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {scale.small.database}")
    scale.small.enter()
    call_command("migrate", verbosity=0)
    scale.large.enter()
    connection.close()
    connection.settings_dict["NAME"] = "postgres"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {scale.large.database} TEMPLATE {scale.small.database}")
    for world in (scale.small, scale.large):
        began = time.monotonic()
        world.enter()
        fill(world.projects)
        print(
            f"bench: {world.projects} projects filled in within {time.monotonic() - began:.0f} s", flush=True
        )
    return scale


def modules() -> Iterator[tuple[str, "Callable[[Scale], Iterator[Measure]]"]]:
    """Every module of this package that measures something."""
    package = importlib.import_module("bench")
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        if found.name == "__main__":
            continue
        module = importlib.import_module(f"bench.{found.name}")
        if measures := getattr(module, "measures", None):
            yield found.name, measures


def _taken(measure: "Measure", repeats: int) -> "Result":
    from bench.measures import found

    return found(measure, repeats)


def _line(result: "Result") -> str:
    figures = f"{result.ours:>12.2f}{result.floor:>12.2f}{result.ratio:>8.2f}x{result.limit:>8.2f}x"
    return f"{result.goal:6}{result.name[:49]:50}{figures} {result.unit:4}{'' if result.holds else '  ABOVE'}"


def _keep(results: "list[Result]", scale: "Scale") -> None:
    KEPT.parent.mkdir(exist_ok=True)
    lines = {
        f"{result.goal} {result.name}": {
            "ratio": round(result.ratio, 3),
            "goal": result.limit,
            "better": "lower",
            "holds": result.holds,
            "ours": round(result.ours, 3),
            "floor": round(result.floor, 3),
            "unit": result.unit,
            "samples": result.samples,
            "projects": scale.large.projects,
        }
        for result in results
    }
    KEPT.write_text(json.dumps(lines, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())

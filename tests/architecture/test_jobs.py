"""What beat rings exists, under a name that stays the same when code moves."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from config.schedule import SCHEDULE

TASK_FILES = sorted((settings.BASE_DIR / "tracker").glob("*/tasks.py"))


def declared_tasks(path: Path) -> list[tuple[str, str | None]]:
    """The tasks of a file: the function's name and the fixed name that it is given, if any."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for decorator in getattr(node, "decorator_list", []):
            if "shared_task" in ast.unparse(decorator):
                words = {word.arg: word.value for word in getattr(decorator, "keywords", [])}
                name = words.get("name")
                found.append((node.name, ast.literal_eval(name) if name else None))
    return found


DECLARED = [(path, function, name) for path in TASK_FILES for function, name in declared_tasks(path)]


@pytest.fixture(scope="module")
def known_to_a_worker() -> set[str]:
    """The tasks that a worker finds when it starts, asked of a fresh process."""
    script = (
        "import django, json; django.setup()\n"
        "from config.celery import app\n"
        "app.loader.import_default_modules()\n"
        "print(json.dumps(sorted(app.tasks)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    return set(json.loads(answer.stdout.splitlines()[-1]))


def test_there_are_tasks_to_look_at():
    assert DECLARED


@pytest.mark.parametrize(
    ("path", "function", "name"), DECLARED, ids=[function for _, function, _ in DECLARED]
)
def test_a_task_is_named_after_its_package_and_found_by_workers(
    path: Path, function: str, name: str | None, known_to_a_worker: set[str]
):
    assert name is not None, "a task has a fixed name"
    assert name.split(".")[0] == path.parent.name
    assert name in known_to_a_worker


@pytest.mark.parametrize("entry", SCHEDULE)
def test_beat_rings_only_tasks_that_exist(entry: str, known_to_a_worker: set[str]):
    assert SCHEDULE[entry]["task"] in known_to_a_worker

"""Rules stay plain, and the tables have one history."""

import ast
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

TRACKER = settings.BASE_DIR / "tracker"
PLAIN = sorted(
    [*TRACKER.glob("*/rules.py"), *(TRACKER / "calendars" / f"{name}.py" for name in ("periods", "workdays"))]
)
MAY_BE_IMPORTED = {f"tracker.{path.parent.name}.{path.stem}" for path in PLAIN}


def imported_modules(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or ".")
    return found


@pytest.mark.parametrize("path", PLAIN, ids=[str(path.relative_to(TRACKER)) for path in PLAIN])
def test_a_rule_needs_only_the_standard_library_and_other_rules(path: Path):
    allowed = sys.stdlib_module_names | MAY_BE_IMPORTED
    strange = {name for name in imported_modules(path) if {name, name.split(".")[0]}.isdisjoint(allowed)}
    assert strange == set()


def test_there_is_one_migration_history():
    loader = MigrationLoader(None)
    assert len(loader.graph.leaf_nodes("tracker")) == 1


def test_migrations_are_named_for_what_they_do():
    names = [path.stem for path in (TRACKER / "migrations").glob("[0-9]*.py")]
    assert [name for name in names if "_auto_" in name] == []

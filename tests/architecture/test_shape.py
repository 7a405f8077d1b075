"""Rules stay plain, and the tables have one history."""

import ast
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

TRACKER = settings.BASE_DIR / "tracker"
PLAIN = sorted(
    [
        *TRACKER.rglob("rules.py"),
        *(
            TRACKER / "badges" / f"{name}.py"
            for name in ("figures", "policy", "improvement", "keeping", "words")
        ),
        *(TRACKER / "calendars" / f"{name}.py" for name in ("periods", "workdays")),
    ]
)
MAY_BE_IMPORTED = {".".join(path.relative_to(TRACKER.parent).with_suffix("").parts) for path in PLAIN}


def imported_names(path: Path) -> set[str]:
    """What a file imports, each with its module: "datetime.date", "tracker.calendars.periods.HalfMonth"."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module or '.'}.{name.name}" for name in node.names}
    return found


def is_plain(name: str) -> bool:
    return name.split(".")[0] in sys.stdlib_module_names or any(
        name == module or name.startswith(f"{module}.") for module in MAY_BE_IMPORTED
    )


@pytest.mark.parametrize("path", PLAIN, ids=[str(path.relative_to(TRACKER)) for path in PLAIN])
def test_a_rule_needs_only_the_standard_library_and_other_rules(path: Path):
    assert {name for name in imported_names(path) if not is_plain(name)} == set()


def test_there_is_one_migration_history():
    loader = MigrationLoader(None)
    assert len(loader.graph.leaf_nodes("tracker")) == 1


def test_migrations_are_named_for_what_they_do():
    names = [path.stem for path in (TRACKER / "migrations").glob("[0-9]*.py")]
    assert [name for name in names if "_auto_" in name] == []

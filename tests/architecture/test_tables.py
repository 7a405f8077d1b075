"""Every table says who sees its rows, and every change of what people or the rule decide is written down."""

import ast
import re

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import Model

from tracker.audit.capture import Audited, AuditedQuerySet, Trail
from tracker.scope import ScopedQuerySet

TABLES = list(apps.get_app_config("tracker").get_models())
# The ledger of mails is a record itself, and so are the trail, the sessions and the attempts to sign in.
WITHOUT_TRAIL = {
    *("Attachment", "Message", "Reminder", "AuditEntry", "AuditSeal", "SignInAttempt", "Visit"),
    "PastPassword",  # a secret
    "ImportEffect",  # a record of changes that the trail has each of
    "Heartbeat",  # says only what runs now
}
PRODUCT = sorted(
    path
    for path in (settings.BASE_DIR / "tracker").rglob("*.py")
    # The trail itself, what fills a new table, and what brings back rows as a backup holds them.
    if not {"migrations", "audit", "operations"} & set(path.relative_to(settings.BASE_DIR).parts)
)
AROUND_THE_TRAIL = re.compile(
    r"_raw_delete|_do_update|_do_insert|_base_manager[^\n]*\.(?:bulk_)?(?:create|update|delete)\("
    r"|\b(?:INSERT INTO|UPDATE \w+ SET|DELETE FROM|TRUNCATE)\b"
)


def named(models: list[type[Model]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("model", models, ids=[model.__name__ for model in models])


@named(TABLES)
def test_the_rows_of_a_table_are_asked_for_by_who_may_see_them(model: type[Model]):
    assert isinstance(model._default_manager.all(), ScopedQuerySet), "derive its queryset from tracker.scope"


@named([model for model in TABLES if model.__name__ not in WITHOUT_TRAIL])
def test_changes_of_a_table_are_written_down(model: type[Model]):
    assert issubclass(model, Audited), "derive it from tracker.audit.capture.Audited"
    assert isinstance(model._default_manager.all(), AuditedQuerySet)


@named([model for model in TABLES if issubclass(model, Audited)])
def test_what_a_trail_masks_or_leaves_out_is_there(model: type[Model]):
    trail = Trail.of(model)
    assert trail is not None
    assert {*trail.masked, *trail.left_out} <= {field.name for field in model._meta.concrete_fields}


def test_mail_addresses_phones_and_names_of_people_are_masked():
    private = re.compile(r"phone|email|address|^password$|contact|responsible")
    for model in TABLES:
        trail = Trail.of(model)
        for field in model._meta.concrete_fields if trail else ():
            assert not private.search(field.name) or field.name in trail.masked, (
                f"{model.__name__}.{field.name}"
            )


@pytest.mark.parametrize("path", PRODUCT, ids=[str(path.relative_to(settings.BASE_DIR)) for path in PRODUCT])
def test_nothing_is_written_around_the_trail(path):
    code = ast.unparse(ast.parse(path.read_text(encoding="utf-8")))
    assert not AROUND_THE_TRAIL.search(code)

"""What an enterprise was called before: kept by itself, in whichever way its name is replaced."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone


@contextmanager
def keeping_former_names(enterprises: type[Model], pks: Iterable[Any], using: str) -> Iterator[None]:
    """Whatever names these enterprises had before and have not afterwards become former names.

    One that is taken up again is no former name any more.
    """
    with transaction.atomic(using=using, savepoint=False):
        ids = list(pks)
        rows = enterprises._base_manager.using(using).filter(pk__in=ids)
        before = dict(rows.select_for_update().values_list("pk", "name"))
        yield
        after = dict(rows.values_list("pk", "name"))
        renamed = [pk for pk, name in before.items() if name and after.get(pk, name) != name]
        if not renamed:
            return
        former_names: Any = enterprises._meta.get_field("former_names").related_model
        known = former_names.objects.using(using).filter(enterprise__in=renamed)
        there = set(known.values_list("enterprise", "name"))
        taken_up = [row.pk for row in known if row.name == after[row.enterprise_id]]
        former_names.objects.using(using).filter(pk__in=taken_up).delete()
        until = timezone.localdate()
        former_names.objects.using(using).bulk_create(
            former_names(enterprise_id=pk, name=before[pk], until=until)
            for pk in renamed
            if (pk, before[pk]) not in there
        )
        found: Any = enterprises._default_manager.using(using).filter(pk__in=renamed)
        found.keep_keys()

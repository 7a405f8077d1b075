"""What the pages about second factors need of templates."""

import json
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder

register = template.Library()


@register.filter
def as_json(value: Any) -> str:
    """A value for a script to read, to be put into a data attribute: the pages have no inline script."""
    return json.dumps(value, cls=DjangoJSONEncoder)


@register.filter
def in_groups(secret: str) -> str:
    """A long secret in groups of four, as it is read and typed."""
    return " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))

"""What these tests share."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _no_attempts_yet() -> Iterator[None]:
    """Attempts at sign-in are counted in the cache; each test starts from none."""
    cache.clear()
    yield
    cache.clear()

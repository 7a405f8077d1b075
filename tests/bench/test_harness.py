"""The benchmarks themselves: nothing is timed here, they must only work when somebody runs them."""

import pytest
from django.db import connection

from bench.__main__ import modules
from bench.filling import fill
from bench.measures import Measure, found
from bench.worlds import Scale, World
from tests.factories import make_county
from tracker.library.models import Enterprise, Project, check_credit_code
from tracker.library.rules import has_right_check_digit


def test_what_is_measured_has_a_limit_and_a_side_that_it_is_held_against():
    slow = Measure("P0", "two against one", ours=2.0, floor=1.0, limit=1.5)
    assert not found(slow, repeats=1).holds
    assert found(Measure("P0", "one against one", ours=1.0, floor=1.0, limit=1.5), repeats=1).holds


@pytest.mark.postgres_only
@pytest.mark.django_db
@pytest.mark.usefixtures("connection_kept")
def test_a_tiny_country_is_filled_in_and_every_module_measures_in_it():
    fill(40)
    assert [Project.objects.count(), Enterprise.objects.count()] == [40, 20]
    assert Project.objects.of_county(make_county()).count() == 38
    check_credit_code(Enterprise.objects.order_by("pk")[0].credit_code)
    assert has_right_check_digit(str(Project.objects.order_by("pk")[0].code))

    world = World(connection.settings_dict["NAME"], 40)
    for _name, measures in modules():
        for measure in measures(Scale("tiny", world, world)):
            assert found(measure, repeats=1).floor > 0, measure.name

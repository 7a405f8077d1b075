"""The rule knows no table, so it names the stages itself: both must mean the same by them."""

import pytest

from tracker.badges import rules
from tracker.library import models
from tracker.library.inclusion.rules import InclusionState


@pytest.mark.parametrize(
    ("of_the_rule", "of_the_table"),
    [(rules.Stage, models.Stage), (InclusionState, models.InclusionState)],
    ids=["stages", "states of inclusion"],
)
def test_the_rule_and_the_tables_name_the_same_things_alike_and_in_the_same_order(of_the_rule, of_the_table):
    of_both = [[(member.name, member.value) for member in names] for names in (of_the_rule, of_the_table)]
    assert of_both[0] == of_both[1]

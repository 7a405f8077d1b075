"""What is taken as a telephone number in a form."""

import pytest

from tracker.library.rules import is_phone


@pytest.mark.parametrize(
    "text",
    [
        *("13800138000", "138 0013 8000", "138-0013-8000", "+86 13800138000", "１３８００１３８０００"),
        *("0534-3321234", "(0534)3321234", "05343321234", "3321234", "0534-3321234-802", "0534-3321234转802"),
        *("400-123-4567", "13800138000、0534-3321234", "13800138000/13900139000"),
    ],
)
def test_numbers_that_can_be_called_are_taken(text: str):
    assert is_phone(text)


@pytest.mark.parametrize("text", ["12", "abc电话", "1" * 60, "张三", "138****8000", "138001380001", "0"])
def test_what_cannot_be_called_is_not(text: str):
    assert not is_phone(text)

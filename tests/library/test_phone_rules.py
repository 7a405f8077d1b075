"""A telephone number as it is shown to those who do not need it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.library.rules import MOBILE, is_masked, masked_phone, with_masked_phones


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13812348000", "138****8000"),
        ("138 1234 8000", "138****8000"),
        ("+86 138-1234-8000", "138****8000"),
        ("１３８１２３４８０００", "138****8000"),
        ("0534-3221234", "05******234"),
        ("05343221234", "05******234"),
        ("3221234", "3****34"),
        ("12345", "1****5"),
        ("110", "****0"),
        ("7", "****"),
        ("无", "****"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_a_number_tells_two_apart_and_rings_nobody(number: str, shown: str):
    assert masked_phone(number) == shown


@given(st.text(max_size=30))
def test_at_most_the_first_three_and_the_last_four_digits_are_seen_and_of_no_other_number_more_than_half(
    number: str,
):
    shown = masked_phone(number)
    digits = [sign for sign in unicodedata.normalize("NFKC", number) if sign.isdecimal()]
    seen = [sign for sign in shown if sign != "*"]
    assert len(seen) <= 7
    assert len(seen) <= len(digits) / 2 or MOBILE.match("".join(str(int(digit)) for digit in digits))
    assert all(sign.isdecimal() for sign in seen), "names written beside a number are not shown with it"


@given(st.text(max_size=30))
def test_a_mask_is_known_as_one(number: str):
    assert is_masked(masked_phone(number)) == bool(masked_phone(number))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("张三 13812348000", "张三 138****8000"),
        ("张三13812348000、李四0534-3221234", "张三138****8000、李四05******234"),
        ("填报人：王五 电话：138 1234 8000", "填报人:王五 电话:138****8000"),
        ("张三", "张三"),
        ("91371423MA13812348", "91371423MA13812348"),
        ("2101-371591-04-01-436244", "2101-371591-04-01-436244"),
        ("1234567890123456", "1234567890123456"),
        ("2026-10-31 完成 12000.50", "2026-10-31 完成 12000.50"),
    ],
)
def test_numbers_within_a_text_are_masked_and_codes_and_amounts_are_left(text: str, shown: str):
    assert with_masked_phones(text) == shown

"""Exact numbers, rounded and written."""

from decimal import Decimal
from fractions import Fraction
from math import floor


def plain(number: Decimal) -> str:
    """The shortest exact way to write a number, the same for equal numbers."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def rounded(number: Fraction, places: int) -> Decimal:
    """The number with so many decimals, halves away from zero, from its exact value."""
    shift = 10**places
    size = floor(abs(number) * shift + Fraction(1, 2))
    return Decimal(size if number >= 0 else -size).scaleb(-places)

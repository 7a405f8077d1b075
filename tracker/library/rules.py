"""What a code, a nature or a stage means, and which facts of a project contradict each other.

Plain Python. Sources: GB 32100-2015 (credit code), GB/T 40058-2021 (project code), the national
investment survey's guide (consistency), all named in docs/glossary.md.
"""

import re
import unicodedata
from decimal import Decimal

# Projects below this planned total (万元) stay outside the investment survey.
INCLUSION_THRESHOLD = Decimal(500)

PROJECT_CODE = re.compile(r"^\d{4}-\d{6}-\d{2}-\d{2}-\d{6}$")


def normalised(text: str) -> str:
    """Half-width, without outer or repeated blanks: what two people type for the same thing becomes equal."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def normalised_code(text: str) -> str:
    """A code without blanks, half-width, in capitals."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()


def project_code(text: str) -> str:
    """The code as GB/T 40058-2021 writes it, `2101-371591-04-01-436244`; 20 bare digits get their hyphens.

    Raises ValueError when it has another shape.
    """
    code = normalised_code(text).replace("—", "-").replace("–", "-")
    if re.fullmatch(r"\d{20}", code):
        code = f"{code[:4]}-{code[4:10]}-{code[10:12]}-{code[12:14]}-{code[14:]}"
    if not PROJECT_CODE.fullmatch(code):
        raise ValueError(text)
    return code


def has_right_check_digit(code: str) -> bool:
    """Whether the last digit follows from the others by ISO 7064 MOD 11,10.

    Real codes follow it, but the standard's text was not read: a mismatch is a warning, never a refusal.
    """
    digits = [int(sign) for sign in code if sign.isdigit()]
    product = 10
    for digit in digits[:-1]:
        total = (product + digit) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == digits[-1]

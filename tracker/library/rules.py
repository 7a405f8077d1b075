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


# A mobile number of the mainland is known by its first three and last four digits; of any other number
# at most half of the digits may be seen.
MOBILE = re.compile(r"^(?:00)?(?:86)?(1[3-9]\d{9})$")
MOBILE_LENGTH = 11
HAS_DIGIT = re.compile(r"\d")
SHOWN_AT_START, SHOWN_AT_END = 3, 4
NUMBER_IN_TEXT = re.compile(
    r"(?<![\dA-Za-z-])(?:1[3-9]\d(?:[ -]?\d{4}){2}|0\d{2,3}[ -]?\d{7,8})(?![\dA-Za-z])"
)


def masked_phone(number: str) -> str:
    """A telephone number that still tells two apart but rings nobody: 138****8000."""
    if len(number) == MOBILE_LENGTH and number.isascii() and MOBILE.match(number):
        return f"{number[:SHOWN_AT_START]}****{number[-SHOWN_AT_END:]}"
    written = unicodedata.normalize("NFKC", number).strip()
    digits = "".join(sign for sign in written if sign.isdecimal())
    if not written:
        return ""
    if mobile := MOBILE.match(digits):
        digits, shown = mobile[1], SHOWN_AT_START + SHOWN_AT_END
    else:
        shown = min(len(digits) // 2, SHOWN_AT_START + SHOWN_AT_END)
    at_end = min(SHOWN_AT_END, (shown + 1) // 2)
    at_start = min(SHOWN_AT_START, shown - at_end)
    hidden = len(digits) - at_start - at_end
    return f"{digits[:at_start]}{'*' * max(hidden, 4)}{digits[len(digits) - at_end :]}"


def with_masked_phones(text: str) -> str:
    """A text in which whatever looks like a telephone number is masked: "张三 138****8000"."""
    if not HAS_DIGIT.search(text):
        return text
    normal = unicodedata.normalize("NFKC", text)
    return (
        NUMBER_IN_TEXT.sub(lambda found: masked_phone(found[0]), normal)
        if NUMBER_IN_TEXT.search(normal)
        else text
    )


def is_masked(text: str) -> bool:
    """Whether something stands here that was masked, so that it is no number of its own."""
    return "*" in unicodedata.normalize("NFKC", text)

"""What a spreadsheet might take for a formula, and how a text is kept from being one. Plain Python."""

# Also as Chinese keyboards write them.
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\x00", "＝", "＋", "－", "＠")
# Kept from being read as a formula by this sign, in a CSV where a cell has no type of its own.
GUARD = "'"


def starts_a_formula(text: str) -> bool:
    """Whether a spreadsheet might take the text for a formula when it is opened or edited."""
    return text.startswith(STARTS_A_FORMULA)


def guarded(text: str) -> str:
    """The text as it stands in a CSV; one that looks guarded already gets another guard, so none is lost."""
    return f"{GUARD}{text}" if text.lstrip(GUARD).startswith(STARTS_A_FORMULA) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given."""
    is_guarded = text.startswith(GUARD) and text.lstrip(GUARD).startswith(STARTS_A_FORMULA)
    return text[1:] if is_guarded else text

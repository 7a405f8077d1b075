"""What an address may hold: an id that a database can hold, a half-month, a month."""

from django.urls import register_converter

from tracker.calendars.periods import HalfMonth, Month


class RowId:
    """A row's id: at most 15 digits, since a longer one is beyond every database's integers."""

    regex = r"[0-9]{1,15}"

    def to_python(self, value: str) -> int:
        """The number."""
        return int(value)

    def to_url(self, value: int | str) -> str:
        """The digits."""
        return str(value)


class CycleCode:
    """A half-month as in "2026-10-H2"; another one is 404."""

    regex = r"20\d\d-(?:0[1-9]|1[0-2])-H[12]"

    def to_python(self, value: str) -> HalfMonth:
        """The half-month."""
        return HalfMonth.parse(value)

    def to_url(self, value: HalfMonth | str) -> str:
        """Its code."""
        return value.code if isinstance(value, HalfMonth) else value


class MonthCode:
    """A month as in "2026-10"; another one is 404."""

    regex = r"20\d\d-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> Month:
        """The month."""
        return Month.parse(value)

    def to_url(self, value: Month | str) -> str:
        """Its code."""
        return value.code if isinstance(value, Month) else value


register_converter(RowId, "id")
register_converter(CycleCode, "cycle")
register_converter(MonthCode, "month")

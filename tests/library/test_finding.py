"""By what names are found and put in order."""

import pytest

from tracker.library import finding


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("宏图铸造", "htzz"),
        ("山东CNC 数控机床（厂）", "sdcncskjcc"),
        ("Ａ-１号线", "a1hx"),
        ("", ""),
    ],
)
def test_a_name_is_found_by_the_first_letters_of_its_signs(name: str, found: str):
    assert finding.initials(name) == found


@pytest.mark.parametrize(
    ("name", "readings"),
    [
        ("重庆铸造", {"cqzz", "zqzz"}),
        ("长城银行", {"ccyh", "zcyh", "ccyx"}),
    ],
)
def test_a_sign_with_two_well_known_readings_is_found_by_both(name: str, readings: set[str]):
    assert set(finding.initials(name).split()) == readings


def test_a_name_of_many_such_signs_keeps_few_readings():
    assert len(finding.initials("重长行乐调单朝传" * 10).split()) <= finding.READINGS_KEPT


def test_names_are_put_in_order_by_their_sound():
    assert sorted(["张村", "安装", "宏图", "海天"], key=finding.pinyin) == ["安装", "海天", "宏图", "张村"]


@pytest.mark.parametrize(
    ("typed", "fragments"),
    [
        ("  宏图　改造 ", ["宏图", "改造"]),
        ("ＨＴ", ["ht"]),
        ("21013715910401436244", ["2101-371591-04-01-436244"]),
        ("a\x00b", ["ab"]),
        ("\x00", []),
        ("1 2 3 4 5 6 7", ["1", "2", "3", "4", "5"]),
    ],
)
def test_every_word_of_a_search_has_to_occur(typed: str, fragments: list[str]):
    assert finding.fragments(typed) == fragments


@pytest.mark.parametrize(
    ("fragment", "pieces"),
    [
        ("数控", "'数控'"),
        ("数控机", "'控机' & '数控'"),
        ("数", "'数':*"),
        ("ht", "'ht':*"),
        ("1234", "'123' & '234'"),
        ("o'b\\", "'''b\\\\' & 'o''b'"),
    ],
)
def test_a_fragment_is_looked_up_by_its_pieces(fragment: str, pieces: str):
    assert finding.grams_query(fragment) == pieces

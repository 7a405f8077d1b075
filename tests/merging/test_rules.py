"""When two names may be of one thing."""

import pytest

from tracker.merging.queries import spoken
from tracker.merging.rules import (
    are_like,
    are_one_enterprise,
    core_of,
    core_of_project,
    pairs_of_enterprises,
)

PLACES = ["山东省", "德州市", "庆云县"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("山东恒源新能源科技有限公司", "恒源新能源科技有限责任公司"),
        ("山东省德州市庆云县恒源新能源科技有限公司", "山东恒源新能源科技股份有限公司"),
        ("恒源新能源科技（山东）有限公司", "恒源新能源科技(山东省)有限公司"),
        ("山东恒源（集团）有限公司", "山东恒源集团有限公司"),
        ("庆云ＡＢＣ机械有限公司", "庆云 abc 机械 有限公司"),
        ("山东恒源新能源科技有限公司", "山东恒源新能源科枝有限公司"),
        ("山东恒源新能源科技有限公司", "山东恒原新能源科技有限公司"),
    ],
)
def test_names_of_one_enterprise_are_like_each_other(one: str, other: str):
    assert are_one_enterprise(core_of(one, PLACES), core_of(other, PLACES), spoken)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("山东禾成电气有限公司", "山东禾辰电气有限公司"),
        ("山东锐康建筑科技有限公司", "山东锐驰建筑科技有限公司"),
        ("山东宏源新能源科技有限公司", "山东恒源新能源科技有限公司"),
        ("庆云县机械有限公司", "庆云县化工有限公司"),
    ],
)
def test_names_of_two_enterprises_are_not(one: str, other: str):
    assert not are_one_enterprise(core_of(one, PLACES), core_of(other, PLACES), spoken)


def test_a_name_that_is_nothing_but_place_and_legal_form_is_kept_whole():
    assert core_of("山东有限公司", PLACES) == "山东有限公司"
    assert core_of("庆云", PLACES) == "庆云"


@pytest.mark.parametrize(
    ("one", "other", "is_like"),
    [
        ("智能喷涂线技术改造项目", "智能喷涂线改造项目", True),
        ("智能喷涂线改造项目", "智能喷涂线改造工程", True),
        ("智能喷涂线一期改造项目", "智能喷涂线二期改造项目", False),
        ("1号智能喷涂线改造项目", "2号智能喷涂线改造项目", False),
        ("轻质墙板码垛机器人改造项目", "储能电池模组智能线项目", False),
    ],
)
def test_projects_are_told_apart_by_their_number(one: str, other: str, *, is_like: bool):
    assert are_like(core_of_project(one, PLACES), core_of_project(other, PLACES)) is is_like


def test_all_pairs_of_a_county_are_found_and_each_once():
    cores = {1: "恒源新能源科技", 5: "鼎盛机械", 3: "恒源新能源科枝", 9: "恒源新能源科技", 7: "泰和纺织"}
    assert list(pairs_of_enterprises(cores, spoken)) == [(1, 3), (1, 9), (3, 9)]


def test_of_very_many_with_one_trade_name_only_the_same_names_are_told():
    cores = {key: f"恒源机械{key // 2}" for key in range(400)}
    assert len(list(pairs_of_enterprises(cores, spoken))) == 200

"""What Django and allauth say in Chinese is said in the product's words."""

import json
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, ngettext

from tests.factories import PASSWORD, make_official
from tracker.accounts.roles import Role

CATALOGUE = settings.BASE_DIR / "locale_libraries/zh_Hans/LC_MESSAGES/django.po"
OF_SCRIPTS = CATALOGUE.with_name("djangojs.po")


@pytest.fixture(scope="module")
def check() -> Any:
    """The script that `make check` runs."""
    loader = SourceFileLoader("check_translations", str(settings.BASE_DIR / "bin" / "check-translations"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def newcomer(client: Client) -> Client:
    """Somebody at the door, who reads Chinese."""
    make_official(email="li@county.test")
    return client


def test_every_text_that_is_said_anew_is_still_a_librarys(check: Any):
    in_place, in_scripts = check.texts_of(CATALOGUE), check.texts_of(OF_SCRIPTS)
    assert len(in_place) > 100
    assert in_scripts
    assert check.faults_within({**in_place, **in_scripts}) == []
    assert check.faults_in_vain(in_place, [*check.OF_DJANGO, check.OF_ALLAUTH]) == []
    assert check.faults_in_vain(in_scripts, [check.OF_SCRIPTS]) == []


def test_a_text_that_no_library_says_any_more_is_found(check: Any):
    [fault] = check.faults_in_vain({(None, "No library says this."): None}, check.OF_DJANGO)
    assert "No library says this." in fault


def test_a_text_of_ours_does_not_change_a_page_of_djangos(check: Any):
    ours, in_place = check.polib.POEntry(msgid="History", msgstr="评牌历史"), check.texts_of(CATALOGUE)
    [fault] = check.faults_beside_django({(None, "History"): ours}, in_place)
    assert "变更记录" in fault
    assert check.faults_beside_django({("of badges", "History"): ours}, in_place) == []


def test_one_thing_has_one_name_there_and_the_reader_is_addressed_in_one_way(check: Any):
    """Mail addresses, accounts and the second factor by the names that they have here; 您, never 你."""
    for entry in [*check.texts_of(CATALOGUE).values(), *check.texts_of(OF_SCRIPTS).values()]:
        for word in (
            "你",
            "电子邮",
            "Email",
            "email",
            "用户",
            "账户",
            "帐",
            "双重",
            "双因素",
            "两步",
            "LDAP",
        ):
            assert word not in check.said(entry), entry.msgid


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("This field is required.", "此项必填。"),
        ("Enter a number.", "请输入数字。"),
        ("Incorrect code.", "验证码不正确。"),
        ("Your password can’t be a commonly used password.", "密码不能是常见密码。"),
        (":", "："),
    ],
)
def test_a_library_s_text_reads_as_it_is_said_here(english: str, chinese: str):
    with translation.override("zh-hans"):
        assert gettext(english) == chinese


def test_so_does_one_with_a_number():
    with translation.override("zh-hans"):
        one = "Ensure this value has at most %(limit_value)d character (it has %(show_value)d)."
        many = "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d)."
        assert ngettext(one, many, 80) == "最多输入%(limit_value)d个字符，现有%(show_value)d个。"


@pytest.mark.django_db
def test_who_mistypes_the_password_is_told_plainly(newcomer: Client):
    form = {"login": "li@county.test", "password": "not-the-password"}
    assert "邮箱或密码不正确。" in newcomer.post(reverse("account_login"), form).content.decode()


@pytest.mark.django_db
def test_who_mistypes_the_mailed_code_is_told_plainly(newcomer: Client):
    newcomer.post(reverse("account_request_login_code"), {"email": "li@county.test"})
    page = newcomer.post(reverse("account_confirm_login_code"), {"code": "WRONG1"})
    assert "验证码不正确。" in page.content.decode()


@pytest.mark.django_db
def test_the_administration_speaks_as_the_other_pages_do(client: Client):
    client.force_login(make_official(Role.SECURITY_ADMINISTRATOR))
    page = client.get(reverse("admin:tracker_user_add")).content.decode()
    assert "保存并继续添加" in page
    assert "添加人员" in page
    form = {"email": "x", "password1": PASSWORD, "password2": "other", "usable_password": "true"}
    page = client.post(reverse("admin:tracker_user_add"), form).content.decode()
    for words in ("请输入有效的邮箱。", "此项必填。", "两次输入的密码不一致。"):
        assert words in page


@pytest.mark.django_db
def test_so_do_its_scripts(client: Client):
    client.force_login(make_official(Role.SECURITY_ADMINISTRATOR))
    assert json.dumps("已选%(sel)s项，共%(cnt)s项") in client.get(reverse("admin:jsi18n")).content.decode()

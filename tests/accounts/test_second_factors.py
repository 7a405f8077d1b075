"""Second factors: set up, asked for, used up, lost and reset."""

import re
import subprocess
import sys
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, format_hotp_value, hotp_value
from django.contrib.sessions.models import Session
from django.test import Client, TestCase, override_settings
from django.urls import reverse

from tests.accounts.factors import SECRET, code_now, give_app, give_key
from tests.config.environments import environment_of
from tests.factories import PASSWORD, make_enterprise_user, make_official
from tracker.accounts.models import User
from tracker.accounts.roles import OFFICIALS, Role
from tracker.accounts.second_factors.actions import (
    OneselfReset,
    recovery_codes_left,
    renew_recovery_codes,
    reset_second_factors,
    use_code,
)
from tracker.accounts.second_factors.queries import factors_of
from tracker.accounts.second_factors.secrecy import decrypt, encrypt, new_recovery_codes
from tracker.accounts.second_factors.views import keys_work_at
from tracker.audit.models import AuditEntry
from tracker.mailing.models import Message

pytestmark = pytest.mark.django_db

ENGLISH = {"accept-language": "en"}
INDEX = "mfa_index"
PAGES_OF_ONES_OWN = ["mfa_index", "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn"]


def sign_in(client: Client, person: User) -> Any:
    form = {"login": person.email, "password": PASSWORD}
    return client.post(reverse("account_login"), form, headers=ENGLISH)


def type_code(client: Client, code: str) -> Any:
    return client.post(reverse("mfa_authenticate"), {"code": code}, headers=ENGLISH)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.fixture
def li() -> User:
    """An official."""
    return make_official(email="li@county.test", language="en")


@pytest.fixture
def inside(client: Client, li: User) -> Client:
    """The official, signed in a moment ago."""
    sign_in(client, li)
    return client


def changes_told_to(person: User) -> list[Message]:
    return list(Message.objects.filter(recipient=person, kind="account_changed").order_by("pk"))


def shown_secret(page: str) -> str:
    [groups] = re.findall(r'<code class="secret">([A-Z2-7 ]+)</code>', page)
    return groups.replace(" ", "")


def test_an_app_is_set_up_with_its_first_code_and_asked_for_from_then_on(inside: Client, li: User):
    page = inside.get(reverse("mfa_activate_totp"), headers=ENGLISH).content.decode()
    assert 'src="data:image/svg+xml;base64,' in page
    secret = shown_secret(page)
    answer = inside.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    assert answer["Location"] == reverse(INDEX)
    [factor] = factors_of(li)
    assert decrypt(factor.data["secret"]) == secret
    assert sign_in(Client(), li)["Location"] == reverse("mfa_authenticate")


@pytest.mark.django_db(transaction=True)
def test_whoever_sets_up_renews_or_removes_a_factor_gets_a_mail(client: Client, li: User):
    sign_in(client, li)
    secret = shown_secret(client.get(reverse("mfa_activate_totp")).content.decode())
    client.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    assert [mail.text.count("was added") for mail in changes_told_to(li)] == [1]
    renew_recovery_codes(li)
    client.post(reverse("mfa_deactivate_totp"))
    _added, renewed, removed = changes_told_to(li)
    assert "New recovery codes" in renewed.text
    assert "was removed" in removed.text
    assert reverse("sessions") in removed.text


def test_a_wrong_first_code_sets_up_nothing_and_keeps_the_secret(inside: Client, li: User):
    first = shown_secret(inside.get(reverse("mfa_activate_totp")).content.decode())
    page = inside.post(reverse("mfa_activate_totp"), {"code": "000000"}).content.decode()
    assert shown_secret(page) == first
    assert not factors_of(li)


def test_the_secret_is_nowhere_in_the_database_in_clear(inside: Client, li: User):
    secret = shown_secret(inside.get(reverse("mfa_activate_totp")).content.decode())
    for session in Session.objects.all():
        waiting = session.get_decoded().get(SECRET_SESSION_KEY, "")
        assert secret not in waiting
    inside.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    [factor] = factors_of(li)
    assert secret not in str(factor.data)


def test_a_secret_survives_a_change_of_the_servers_key():
    kept = encrypt("secret")
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["development-only-" + "x" * 50]):
        assert decrypt(kept) == "secret"


def test_the_second_factor_lets_in_after_the_password(client: Client, li: User):
    give_app(li)
    sign_in(client, li)
    assert not is_signed_in(client)
    page = client.get(reverse("mfa_authenticate"), headers=ENGLISH).content.decode()
    assert 'class="page page--narrow"' in page
    assert type_code(client, code_now())["Location"] == "/"
    assert is_signed_in(client)


def test_the_code_that_set_up_an_app_does_not_sign_in_as_well(inside: Client, li: User):
    secret = shown_secret(inside.get(reverse("mfa_activate_totp")).content.decode())
    code = code_now(secret)
    with pytest.MonkeyPatch.context() as patch:
        now = time.time()
        patch.setattr("allauth.mfa.totp.internal.auth.time.time", lambda: now)
        code = code_now(secret)
        with TestCase.captureOnCommitCallbacks(execute=True):
            inside.post(reverse("mfa_activate_totp"), {"code": code})
        assert factors_of(li)
        assert use_code(li, code) is None


def test_a_code_of_the_app_works_once(li: User):
    give_app(li)
    code = code_now()
    assert use_code(li, code)
    assert use_code(li, code) is None


def test_an_earlier_code_does_not_work_after_a_later_one(li: User, monkeypatch: pytest.MonkeyPatch):
    app, now = give_app(li), time.time()
    app.data["last_step"] = int(now) // 30 + 1
    app.save()
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.time.time", lambda: now)
    assert use_code(li, format_hotp_value(hotp_value(SECRET, int(now) // 30))) is None


@pytest.mark.parametrize("steps", [-2, -1, 1])
def test_a_code_of_another_half_minute_does_not_work(li: User, steps: int, monkeypatch: pytest.MonkeyPatch):
    give_app(li)
    now = time.time()
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.time.time", lambda: now)
    assert use_code(li, format_hotp_value(hotp_value(SECRET, int(now) // 30 + steps))) is None


@pytest.mark.parametrize("code", ["", "000000", "\x00", "٣" * 6, "a" * 5000, "' OR 1=1 --"])
def test_hostile_codes_are_only_wrong(client: Client, li: User, code: str):
    give_app(li)
    renew_recovery_codes(li)
    sign_in(client, li)
    assert type_code(client, code).status_code == 200
    assert not is_signed_in(client)


def test_five_wrong_codes_lock_for_half_an_hour(client: Client, li: User):
    give_app(li)
    sign_in(client, li)
    answers = [type_code(client, "000000").status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    assert type_code(client, code_now()).status_code == 429
    assert not is_signed_in(client)


def test_wrong_passwords_do_not_lock_the_second_step(client: Client, li: User):
    give_app(li)
    sign_in(client, li)
    for _ in range(5):
        Client().post(reverse("account_login"), {"login": li.email, "password": "wrong"})
    type_code(client, code_now())
    assert is_signed_in(client)


# --- recovery codes ---


def test_recovery_codes_are_shown_once_and_kept_as_hashes_alone(inside: Client, li: User):
    give_app(li)
    page = inside.post(reverse("recovery_codes"), headers=ENGLISH).content.decode()
    codes = re.findall(r"<li><code>([A-Z2-9-]{19})</code>", page)
    assert len(set(codes)) == 10
    kept = str(Authenticator.objects.get(user=li, type=Authenticator.Type.RECOVERY_CODES).data)
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)
    again = inside.get(reverse("recovery_codes"), headers=ENGLISH).content.decode()
    assert not any(code in again for code in codes)
    assert "10 unused codes are left" in again


def test_a_recovery_code_works_once_in_place_of_the_app(li: User):
    give_app(li)
    code = renew_recovery_codes(li)[3]
    client = Client()
    sign_in(client, li)
    assert type_code(client, code.lower().replace("-", " "))["Location"] == "/"
    assert is_signed_in(client)
    assert recovery_codes_left(li) == 9
    again = Client()
    sign_in(again, li)
    assert type_code(again, code).status_code == 200
    assert not is_signed_in(again)


def test_new_recovery_codes_end_the_earlier_ones(li: User):
    earlier = renew_recovery_codes(li)
    renew_recovery_codes(li)
    assert not any(use_code(li, code) for code in earlier)


def test_recovery_codes_survive_a_change_of_the_servers_key(li: User):
    code = renew_recovery_codes(li)[0]
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["development-only-" + "x" * 50]):
        assert use_code(li, code)


def test_recovery_codes_are_of_nobody_else(li: User):
    code = renew_recovery_codes(li)[0]
    wang = make_official()
    renew_recovery_codes(wang)
    assert use_code(wang, code) is None


def test_recovery_codes_have_eighty_random_bits():
    codes = [code.replace("-", "") for _ in range(20) for code in new_recovery_codes()]
    assert len(set(codes)) == 200
    assert {len(code) for code in codes} == {16}
    assert len(set("".join(codes))) == 32


def test_there_are_no_recovery_codes_without_a_factor(inside: Client, li: User):
    assert inside.post(reverse("recovery_codes"))["Location"] == reverse(INDEX)
    assert recovery_codes_left(li) is None


def test_pages_of_allauths_own_recovery_codes_are_gone(inside: Client):
    assert inside.get("/account/second-factors/recovery-codes/download/").status_code == 404
    assert inside.get("/account/second-factors/recovery-codes/generate/").status_code == 404


def test_a_recovery_code_also_confirms_that_it_is_oneself(inside: Client, li: User):
    give_app(li)
    code = renew_recovery_codes(li)[0]
    form = {"code": code, "next": reverse(INDEX)}
    assert inside.post(reverse("mfa_reauthenticate"), form)["Location"] == reverse(INDEX)


# --- required ---


@pytest.fixture
def required(settings: Any) -> None:
    """As in production."""
    settings.SECOND_FACTOR_REQUIRED = True


@pytest.mark.parametrize("role", sorted(OFFICIALS))
@pytest.mark.usefixtures("required")
def test_officials_and_administrators_set_one_up_before_anything_else(role: str):
    client = Client()
    client.force_login(make_official(role, language="en"))
    for page in ("/", "/office/", "/admin/", reverse("account_email")):
        assert client.get(page)["Location"] == reverse(INDEX)
    assert client.post("/office/")["Location"] == reverse(INDEX)
    assert "Your role needs a second factor" in client.get(reverse(INDEX)).content.decode()
    for page in (reverse("help"), reverse("mfa_activate_totp"), reverse("account_logout")):
        assert client.get(page).get("Location", "") != reverse(INDEX)
    # The warning before the end of a session works while one is being set up.
    assert "idle" in client.post(reverse("session_state")).json()
    assert client.get(reverse("sessions")).status_code == 200


@pytest.mark.usefixtures("required")
def test_with_one_set_up_all_is_open(client: Client, li: User):
    give_app(li)
    client.force_login(li)
    assert client.get("/")["Location"] == reverse("office:today")


@pytest.mark.usefixtures("required")
def test_recovery_codes_alone_are_no_second_factor(client: Client, li: User):
    renew_recovery_codes(li)
    client.force_login(li)
    assert client.get("/")["Location"] == reverse(INDEX)


@pytest.mark.usefixtures("required")
def test_an_enterprise_may_have_one_and_need_not(client: Client):
    firm = make_enterprise_user()
    client.force_login(firm)
    assert client.get("/")["Location"] == reverse("portal:home")
    assert client.get(reverse(INDEX)).status_code == 200


@pytest.mark.usefixtures("required")
def test_the_last_factor_stays_while_one_is_required(inside: Client, li: User):
    give_app(li)
    answer = inside.post(reverse("mfa_deactivate_totp"), headers=ENGLISH)
    assert "your only second factor" in answer.content.decode()
    assert factors_of(li).count() == 1
    key = give_key(li)
    inside.post(reverse("mfa_deactivate_totp"))
    assert [factor.pk for factor in factors_of(li)] == [key.pk]
    answer = inside.post(reverse("mfa_remove_webauthn", args=[key.pk]), headers=ENGLISH)
    assert "your only second factor" in answer.content.decode()
    assert factors_of(li).count() == 1


def test_the_last_factor_goes_with_its_recovery_codes_where_none_is_required(inside: Client, li: User):
    key = give_key(li)
    renew_recovery_codes(li)
    inside.post(reverse("mfa_remove_webauthn", args=[key.pk]))
    assert not Authenticator.objects.filter(user=li).exists()


def test_it_is_required_in_production_unless_told_otherwise():
    production = environment_of()
    ask = "from config.settings import SECOND_FACTOR_REQUIRED as asked; print(asked)"
    answers = [
        subprocess.run(
            [sys.executable, "-c", ask], env=env, capture_output=True, text=True, check=True
        ).stdout
        for env in (production, {**production, "SECOND_FACTOR_REQUIRED": "off"})
    ]
    assert answers == ["True\n", "False\n"]


# --- pages ---


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("name", PAGES_OF_ONES_OWN)
def test_every_page_about_second_factors_is_one_of_ours(inside: Client, name: str, language: str):
    page = inside.get(reverse(name), headers={"accept-language": language}).content.decode()
    assert 'class="page page--narrow"' in page
    assert page.count("<h1>") == 1
    assert not re.search(r"<script(?![^>]* src=)", page)


def test_pages_that_change_something_ask_to_be_sure_some_minutes_after_signing_in(client: Client, li: User):
    give_app(li)
    client.force_login(li)
    for name in ("mfa_activate_totp", "mfa_deactivate_totp", "mfa_add_webauthn"):
        answer = client.get(reverse(name))
        # With an app set up already, its own page leads to where it is removed.
        assert answer.status_code == 302, name
    assert client.post(reverse("recovery_codes"))["Location"].startswith(reverse("account_reauthenticate"))


def test_what_was_begun_goes_on_once_it_is_sure(client: Client, li: User):
    give_app(li)
    client.force_login(li)
    there = client.post(reverse("recovery_codes"))["Location"]
    page = client.post(there, {"password": PASSWORD, "next": reverse("recovery_codes")}).content.decode()
    assert page.count("<li><code>") == 10


@pytest.mark.parametrize("page", ["account_reauthenticate", "mfa_reauthenticate"])
def test_other_ways_to_be_sure_are_offered(client: Client, li: User, page: str):
    give_app(li)
    client.force_login(li)
    text = client.get(reverse(page), headers=ENGLISH).content.decode()
    assert "Other ways:" in text
    assert 'class="page page--narrow"' in text


@pytest.mark.parametrize("name", ["mfa_remove_webauthn", "mfa_edit_webauthn"])
def test_keys_of_others_are_not_found(inside: Client, name: str):
    theirs = give_key(make_official())
    assert inside.get(reverse(name, args=[theirs.pk])).status_code == 404


def test_ids_without_end_are_not_found(inside: Client):
    number = "9" * 30
    for page in ("edit", "remove"):
        answer = inside.get(f"/account/second-factors/webauthn/keys/{number}/{page}/")
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("host", "works"),
    [
        ("localhost:8000", True),
        ("jigai.example", True),
        ("127.0.0.1:8000", False),
        ("192.0.2.1", False),
        ("[::1]:8000", False),
        ("[::1]", False),
    ],
)
def test_keys_need_a_host_name(host: str, works: bool):
    assert keys_work_at(host) is works


def test_under_a_bare_address_keys_are_not_offered(inside: Client):
    page = inside.get(reverse(INDEX), headers={**ENGLISH, "host": "127.0.0.1:8000"}).content.decode()
    assert "bare network address" in page
    assert reverse("mfa_add_webauthn") not in page


# --- reset and trail ---


def test_a_reset_takes_all_factors_is_written_down_and_told_by_mail(li: User):
    give_app(li)
    renew_recovery_codes(li)
    administrator = make_official(Role.SECURITY_ADMINISTRATOR, name="安全员")
    assert reset_second_factors(li, by=administrator, why="手机丢失，本人到场") == 2
    assert not Authenticator.objects.filter(user=li).exists()
    entry = AuditEntry.objects.filter(act=AuditEntry.Act.SECOND_FACTOR).latest("pk")
    assert entry.actor == administrator
    assert entry.row == str(li.pk)
    assert entry.why == "手机丢失，本人到场"
    assert entry.before == {"factors": ["recovery_codes", "totp"]}
    [message] = Message.objects.filter(recipient=li, kind="second_factors_reset")
    assert "安全员" in message.text
    assert reverse(INDEX) in message.text


def test_nobody_resets_their_own(li: User):
    give_app(li)
    with pytest.raises(OneselfReset):
        reset_second_factors(li, by=li, why="ich")
    assert factors_of(li).exists()


def test_the_administration_resets_with_a_reason(client: Client, li: User):
    give_app(li)
    client.force_login(make_official(Role.SECURITY_ADMINISTRATOR, language="en"))
    people = reverse("admin:tracker_user_changelist")
    form = {"action": "reset_factors", "_selected_action": [li.pk]}
    assert "Reason" in client.post(people, form).content.decode()
    assert "This field is required" in client.post(people, {**form, "why": ""}).content.decode()
    assert factors_of(li).exists()
    assert client.post(people, {**form, "why": "phone lost"}).status_code == 302
    assert not factors_of(li).exists()


def test_the_administration_does_not_reset_ones_own(client: Client):
    administrator = make_official(Role.SECURITY_ADMINISTRATOR)
    give_app(administrator)
    client.force_login(administrator)
    form = {"action": "reset_factors", "_selected_action": [administrator.pk], "why": "phone lost"}
    client.post(reverse("admin:tracker_user_changelist"), form)
    assert factors_of(administrator).exists()


def test_what_somebody_changes_is_written_down(inside: Client, li: User):
    secret = shown_secret(inside.get(reverse("mfa_activate_totp")).content.decode())
    with TestCase.captureOnCommitCallbacks(execute=True):
        inside.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    inside.post(reverse("mfa_deactivate_totp"))
    entries = AuditEntry.objects.filter(act=AuditEntry.Act.SECOND_FACTOR, actor=li).order_by("pk")
    assert [(entry.before, entry.after) for entry in entries] == [
        ({}, {"added": "totp"}),
        ({"removed": "totp"}, {}),
    ]

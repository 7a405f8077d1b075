"""Templates keep to the policy that pages are served under, and say what they need."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

TEMPLATES = settings.BASE_DIR / "templates"
EMAILS = TEMPLATES / "emails"
PAGES = sorted(path for path in TEMPLATES.rglob("*.html") if not path.is_relative_to(EMAILS))
PARTIALS = [path for path in PAGES if path.name.startswith("_")]
EMAIL_FOLDERS = sorted(path for path in EMAILS.iterdir() if path.is_dir() and not path.name.startswith("_"))

FORBIDDEN_BY_POLICY = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "a script of its own": re.compile(r"<script\b(?![^>]*\bsrc=)(?![^>]*application/json)", re.IGNORECASE),
    "an event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "something from a foreign host": re.compile(
        r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=.(?:https?:)?//", re.I
    ),
}


def named(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=[str(path.relative_to(TEMPLATES)) for path in paths])


@named(PAGES)
def test_a_page_has_nothing_that_the_policy_forbids(path: Path):
    text = path.read_text(encoding="utf-8")
    assert [what for what, pattern in FORBIDDEN_BY_POLICY.items() if pattern.search(text)] == []


@named(PARTIALS)
def test_a_partial_says_first_what_it_needs(path: Path):
    assert path.read_text(encoding="utf-8").startswith("{#")


@named(PAGES)
def test_partials_get_only_what_they_are_given(path: Path):
    includes = re.findall(r"{%\s*include\s+[^%]*%}", path.read_text(encoding="utf-8"))
    assert [tag for tag in includes if not re.search(r"\bonly\s*%}$", tag)] == []


@named(PAGES)
def test_a_partial_that_posts_is_given_the_token(path: Path):
    includes = re.findall(r"{%\s*include\s+\"([^\"]+)\"([^%]*)%}", path.read_text(encoding="utf-8"))
    posting = {name for name, _ in includes if "{% csrf_token %}" in get_template(name).template.source}
    assert [
        name for name, given in includes if name in posting and "csrf_token=csrf_token" not in given
    ] == []


@named(EMAIL_FOLDERS)
def test_an_email_has_a_subject_a_text_and_a_page(path: Path):
    parts = {part.name for part in path.iterdir() if not part.name.startswith("_")}
    assert parts == {"subject.txt", "body.txt", "body.html"}


def test_there_are_emails_to_look_at():
    assert EMAIL_FOLDERS

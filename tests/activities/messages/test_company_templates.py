"""A company's own templates go before the shipped ones, and a fault in one never keeps a message back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from activities.messages.renderer import Rendered, Renderer
from activities.messages.samples import NUMBER
from activities.messages.template_check import check_templates
from tests.activities.messages.rendered import rendered
from workflows.domain.event import Message
from workflows.domain.problem import Problem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "zh_CN" / "customer").mkdir(parents=True)
    return tmp_path


def created_by(folder: Path, template: str) -> Rendered:
    (folder / "zh_CN" / "customer" / "created.j2").write_text(template, encoding="utf-8")
    return rendered(Renderer(folder), Message.CREATED)


def test_a_companys_template_goes_before_the_shipped_one(folder: Path) -> None:
    shown = created_by(
        folder,
        "{% block subject %}{{ number }} 收到\n了{% endblock %}"
        "{% block body %}{{ recipient.name }}好 {{ facts.response_due | local }}{% endblock %}"
        "{% block short %}{{ number }} 好{% endblock %}",
    )
    assert shown.problem is None
    assert shown.subject == f"{NUMBER} 收到 了"
    assert shown.text.startswith("王芳好 5月1日 15:30\n")
    assert "王芳好" in shown.html
    assert rendered(Renderer(folder), Message.CLOSED) == rendered(Renderer(), Message.CLOSED)


def test_a_company_can_change_one_block_and_keep_the_rest(folder: Path) -> None:
    shipped = rendered(Renderer(), Message.CREATED)
    shown = created_by(
        folder,
        '{% extends "shipped/zh_CN/customer/created.j2" %}{% block subject %}【急】{{ super() }}{% endblock %}',
    )
    assert shown.problem is None
    assert shown.subject == f"【急】{shipped.subject}"
    assert (shown.text, shown.short) == (shipped.text, shipped.short)


def test_a_company_can_change_what_stands_around_every_message(folder: Path) -> None:
    (folder / "zh_CN" / "customer.j2").write_text(
        "{% block body %}{% block message %}{% endblock %} 此致{% endblock %}", encoding="utf-8"
    )
    shown = rendered(Renderer(folder), Message.CLOSED)
    assert shown.problem is None
    assert "此致" in shown.text
    assert "尊敬的" not in shown.text


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        (
            "{% block subject %}x{% endblock %}\n{% block body %}{{ nobody }}{% endblock %}",
            r":2: 'nobody' is undefined",
        ),
        ("{% block subject %}\n{{ facts.respons_due }}{% endblock %}", r":2: 'dict object' has no attribute"),
        ("{% block subject %}x", r":1: syntax: "),
        ("{% include 'missing.j2' %}", "names a template that is not there: missing.j2"),
        ("{% include '../../../../etc/passwd' %}", "names a template that is not there"),
        ("hello", "block 'subject' is missing or empty"),
        ("{% block subject %}x{% endblock %}{% block body %} {% endblock %}", "block 'body' is missing or empty"),
        ("{% block subject %}{{ ''.__class__.__mro__ }}{% endblock %}", "unsafe; the shipped"),
        ("{% block subject %}{{ case.__init__.__globals__ }}{% endblock %}", "unsafe; the shipped"),
        ("{% block subject %}{{ facts.clear() }}{% endblock %}", "unsafe; the shipped"),
        ("{% block subject %}{{ 'x' * 10 ** 12 }}{% endblock %}", r"'\*' takes numbers only"),
        ("{% block subject %}{{ 9 ** 9999 }}{% endblock %}", r"'\*\*' takes at most"),
        ("{% block subject %}{% for i in range(10 ** 9) %}x{% endfor %}{% endblock %}", "Range too big"),
        (
            "{% block subject %}{% for i in range(9999) %}{{ 'x' | center(9999) }}{% endfor %}{% endblock %}",
            "longer than 200,000 characters",
        ),
        ("{% block subject %}{{ 1 / 0 }}{% endblock %}", "division by zero"),
        ("{% block subject %}{{ 'x' | label('colour') }}{% endblock %}", "unknown kind of label 'colour'"),
        ("{% extends 'zh_CN/customer/created.j2' %}", "recursion"),
    ],
)
def test_a_broken_template_of_a_company_never_keeps_a_message_back(folder: Path, template: str, problem: str) -> None:
    shipped = rendered(Renderer(), Message.CREATED)
    shown = created_by(folder, template)
    assert shown.problem is not None
    assert re.search(problem, shown.problem), shown.problem
    assert shown.problem.startswith(str(folder / "zh_CN" / "customer" / "created.j2"))
    assert shown.problem.endswith("the shipped template was used")
    assert "\n" not in shown.problem
    assert shown.model_copy(update={"problem": None}) == shipped


def test_a_company_template_that_is_no_text_is_named(folder: Path) -> None:
    (folder / "zh_CN" / "customer" / "created.j2").write_bytes("受理".encode("gbk"))
    shown = rendered(Renderer(folder), Message.CREATED)
    assert "is not UTF-8 text" in (shown.problem or "")


def test_a_mended_template_is_used_without_a_restart(folder: Path) -> None:
    path = folder / "zh_CN" / "customer" / "created.j2"
    renderer = Renderer(folder)
    path.write_text("broken {{", encoding="utf-8")
    assert rendered(renderer, Message.CREATED).problem
    path.write_text(
        "{% block subject %}a{% endblock %}{% block body %}b{% endblock %}{% block short %}c{% endblock %}",
        encoding="utf-8",
    )
    assert rendered(renderer, Message.CREATED).short == "c"


def test_check_finds_what_fails_only_when_a_fact_is_unknown(folder: Path) -> None:
    shown = created_by(
        folder,
        "{% block subject %}{{ number }}{% endblock %}\n"
        "{% block body %}{{ facts.response_due }}{% endblock %}\n"
        "{% block short %}{{ number }}{% endblock %}",
    )
    assert shown.problem is None
    (folder / "zh_CN" / "customer" / "craeted.j2").write_text("x", encoding="utf-8")
    faults = check_templates(folder)
    assert len(faults) == 2
    assert "craeted.j2: overrides nothing; locales are zh_CN, en, messages to customer are closed, " in faults[0]
    assert "created.j2:2: prints a fact that may be null" in faults[1]
    linked = check_templates(folder, links=True)
    assert linked[1].endswith("created.j2: has no {{ link }} on a line of its own: customers get no link by it")
    assert [linked[0], *linked[2:]] == faults


def test_a_template_folder_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="is no folder; name one that holds zh_CN/ or en/"):
        Renderer(tmp_path / "nowhere")

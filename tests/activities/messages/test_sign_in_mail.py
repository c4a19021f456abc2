"""The mail by which somebody signs in: in their language, with the link once, and no more than that (R45)."""

from __future__ import annotations

from pathlib import Path

import pytest

from activities.messages.sign_in_mail import sign_in_mail
from activities.organisation.loading import sample_organisation
from workflows.domain.vocabulary import Locale

_LINK = "https://service.example.com/sign-in/l/abc"
SAMPLE = sample_organisation()


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize("broken", [False, True])
def test_it_has_the_link_in_text_and_html_whatever_a_companys_template_does(
    tmp_path: Path, locale: Locale, broken: bool
) -> None:
    person = SAMPLE.people[0].model_copy(update={"locale": locale, "name": "<b>林</b>"})
    if broken:
        (tmp_path / locale.value).mkdir()
        (tmp_path / locale.value / "sign_in.j2").write_text("{% block body %}no link{% endblock %}", "utf-8")
    templates = tmp_path if broken else None
    mail = sign_in_mail(
        person, _LINK, SAMPLE.company.model_dump(), templates=templates, minutes=15, zone="Asia/Shanghai"
    )
    assert _LINK in mail.text.split("\n")
    assert f'href="{_LINK}"' in mail.html
    assert "<b>" not in mail.html
    assert _LINK not in mail.subject + mail.short
    assert (mail.address, mail.number) == (person.email, "")

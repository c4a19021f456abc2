"""Wrong settings of the mail server are one line; right ones are read as they are meant."""

from __future__ import annotations

import pytest

from activities.delivery.mail import Smtp
from workflows.domain.problem import Problem


@pytest.mark.parametrize(
    ("url", "sender", "said"),
    [
        ("http://mail", "a@b.example", "the SMTP URL is not understood: use smtp://HOST:PORT"),
        ("smtp://", "a@b.example", "the SMTP URL is not understood"),
        ("smtp://u:secret@host:many", "a@b.example", "the SMTP URL is not understood"),
        ("smtp://u:secret#1@host", "a@b.example", "in user and password write # as %23, / as %2F, ? as %3F, [ as %5B"),
        ("smtp://u:12/secret@host", "a@b.example", "in user and password write # as %23"),
        ("smtp://u:secret?1@host", "a@b.example", "in user and password write # as %23"),
        ("smtp://u:secret[1@host", "a@b.example", "in user and password write # as %23"),
        ("smtp://host", "nobody", "'nobody' is no mail address"),
    ],
)
def test_wrong_mail_settings_get_one_line_without_the_password(url: str, sender: str, said: str) -> None:
    with pytest.raises(Problem) as caught:
        Smtp.from_url(url, sender)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_mail_settings_are_read_with_ports_and_encoded_passwords() -> None:
    smtp = Smtp.from_url("smtps://me%40example.com:p%2Fw@mail.example.com", "Support <support@example.com>")
    assert (smtp.host, smtp.port, smtp.user, smtp.password) == ("mail.example.com", 465, "me@example.com", "p/w")
    assert "p/w" not in repr(smtp)
    assert Smtp.from_url("smtp+starttls://host", "a@b.example").port == 587

"""Reading what a vendor answers inside HTTP 200: a code, and words that may repeat what it was sent."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta

from activities.channels.http import HttpResponse, said
from activities.channels.token import AccessToken, TokenRefusedError
from activities.delivery.transport import PermanentDeliveryError, TemporaryDeliveryError, UnknownOutcomeError

_CODE = re.compile(r"-?\d{1,8}|[A-Za-z._]{1,80}")
"""A number, or words of the vendor's: nothing of what it was sent."""
Later = Mapping[str, timedelta | None]
"""Codes that pass by themselves -> for how long to wait, None where the vendor does not say."""


def code_of(answer: HttpResponse, *names: str) -> str | None:
    """The first of these fields as text, a number like `"0"`; None where there is none."""
    found = answer.json()
    for name in names:
        value = found.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value).strip()
    return None


def judge(
    code: str | None, words: object, answer: HttpResponse, *, good: str, later: Later, login: Collection[str] = ()
) -> None:
    """Return where the code is the one that means done. `login` are those that say that the token does not hold.

    Raises:
        TemporaryDeliveryError, PermanentDeliveryError, TokenRefusedError: by the code; one that is not known is for
            good.
        UnknownOutcomeError: there is no code to go by.
    """
    if code is None:
        raise UnknownOutcomeError(f"the answer (status {answer.status}) is none of this vendor's")
    if code == good:
        return
    what = f"it answers {code if _CODE.fullmatch(code) else said(code)}" + (
        f": {text}" if (text := said(words)) else ""
    )
    if code in login:
        raise TokenRefusedError(what)
    if code in later:
        raise TemporaryDeliveryError(what, answer.wait() or later[code])
    raise PermanentDeliveryError(what)


def token_of(answer: HttpResponse, name: str, lifetime: str) -> AccessToken:
    """The token in these fields.

    Raises:
        UnknownOutcomeError: there is none.
    """
    found, seconds = answer.json().get(name), answer.json().get(lifetime)
    if not isinstance(found, str) or not found.isascii() or not found.isprintable() or not isinstance(seconds, int):
        raise UnknownOutcomeError(f"the answer (status {answer.status}) holds no token")
    return AccessToken(found, max(float(seconds), 0.0))

"""What customers do with their case, themselves or through those who serve them; one command a signal."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from cyclopts import Parameter

from activities.rendering.labels import satisfaction_scale
from activities.validation import shown
from starter.console.screen import Number
from starter.console.sender import HeardBy, OptionalText, RelayedBy, Sender, Why, send_command
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale, Satisfaction

_SCALE = ", ".join(f"{stored} {words}" for stored, words in satisfaction_scale(Locale.ZH_CN).items())
_WORDS = {score.value.replace("_", " "): score.value for score in Satisfaction} | {
    words.casefold(): stored for locale in Locale for stored, words in satisfaction_scale(locale).items()
}


async def supply(
    number: Number,
    /,
    *,
    text: Annotated[str | None, Parameter(help="The customer's answer in free text.")] = None,
    set_: Annotated[
        tuple[str, ...],
        Parameter(name="--set", help="key=value with a form key, such as customer.phone=13800138000; repeatable."),
    ] = (),
    relayed_by: RelayedBy = None,
    heard: HeardBy = None,
    sender: Sender,
) -> int:
    """Give the information that was asked for, as text or by form key.

    Example: bihuan supply FB202605110001 --as customer --set description.steps="点击保存后报错"
    """
    if text is None and not set_:
        raise Problem("supply: give --text, --set, or both")
    return await send_command(
        "supply", number, sender, text=text, fields=_assignments(set_) or None, relayed_by=relayed_by, heard=heard
    )


async def confirm(
    number: Number, /, *, text: OptionalText = None, relayed_by: RelayedBy = None, heard: HeardBy = None, sender: Sender
) -> int:
    """Accept the solution.

    Example: bihuan confirm FB202605110001 --as customer --relayed-by agent-001
    """
    return await send_command("confirm", number, sender, text=text, relayed_by=relayed_by, heard=heard)


async def refuse(
    number: Number, /, *, why: Why, relayed_by: RelayedBy = None, heard: HeardBy = None, sender: Sender
) -> int:
    """Refuse the solution; handling starts again, one step more urgent.

    Example: bihuan refuse FB202605110001 --as customer --why "仍然报错"
    """
    return await send_command("refuse", number, sender, why=why, relayed_by=relayed_by, heard=heard)


async def rate(
    number: Number,
    /,
    *,
    score: Annotated[str, Parameter(help=f"In words: {_SCALE}.")],
    comment: Annotated[str | None, Parameter(help="In the customer's words.")] = None,
    relayed_by: RelayedBy = None,
    heard: HeardBy = None,
    sender: Sender,
) -> int:
    """Answer the satisfaction follow-up; dissatisfied reopens the case.

    Example: bihuan rate FB202605110001 --as customer --score 满意 --comment "处理很快"
    """
    return await send_command(
        "rate", number, sender, score=_score(score), comment=comment, relayed_by=relayed_by, heard=heard
    )


def _assignments(pairs: tuple[str, ...]) -> dict[str, str]:
    fields = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key.strip():
            raise Problem(f"--set {pair}: expected key=value, such as customer.phone=13800138000")
        fields[key.strip()] = value
    return fields


def _score(text: str) -> str:
    """A word of the scale as it is stored. A number says nothing: 1 is the best to one person and the worst to another.

    Raises:
        Problem: it is none; the line names all of them.
    """
    word = " ".join(unicodedata.normalize("NFKC", text).casefold().replace("_", " ").replace("-", " ").split())
    if (stored := _WORDS.get(word)) is None:
        raise Problem(f"--score {shown(text)} is no word of the scale; allowed: {_SCALE}")
    return stored

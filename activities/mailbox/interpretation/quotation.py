"""What a person wrote, without what their mail program quoted under it, over it, or around it (R42).

Programs mark a quotation by a line that says who wrote, by a quoted head, by a bar, by > before each line, and our own
mails have a marker above their words. Answers between quoted lines and below them are kept. Every line is looked at a
fixed number of times and to a fixed length, so that no mail makes this slow.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from activities.mailbox.interpretation import clients

_LOOKED_AT = 400
"""Characters of a line that tell what it is."""
_QUOTE = re.compile(r"[ \t]*(?:[>＞][ \t]?)+")
_CITED = re.compile(r"[ \t]*[>＞](?:[ \t>]|$|[^\d\s])")
"""Quoted even where nothing says who wrote; ">5 A" is what somebody measured."""
_NOISE = re.compile(r"[\s*\u200b\u3000]+")
_DASHES = str.maketrans({"―": "-", "—": "-", "–": "-", "─": "-", "－": "-", "_": "-", "\t": "|"})
_BAR = re.compile(r"-{5,}|-{2,}")
_NOTHING = " \n\t-_=*>|."
_HEAD_LINES = 14
_BETWEEN_HEADINGS = 2
_WROTE_LINES = 3
_WRAPPED_FROM = 66
"""Characters: a quoted line of this length may have been broken, its rest without a >."""
_LINK_TOKENS = re.compile(r"(/|%2F)l(/|%2F)[A-Za-z0-9]{8,128}", re.IGNORECASE)
_REPLY_TOKENS = re.compile(r"\+r\.[a-z2-7]{4,64}@", re.IGNORECASE)


@dataclass(frozen=True)
class OwnWords:
    """`found` is false where nothing was left, and `text` is the whole text."""

    text: str
    found: bool


def own_words(text: str, subject: str = "", ours: Collection[str] = ()) -> OwnWords:
    """What the person wrote; `ours` are our own addresses, by which a forwarded mail of ours is known.

    What somebody forwards from others is what they want to say, and is kept.
    """
    lines = text.split("\n")
    pieces = _pieces(lines, forwards=bool(clients.FORWARDS.match(subject)), ours=[address.lower() for address in ours])
    words = "\n".join(line for piece in pieces for line in _without_signature(piece)).strip()
    if words.strip(_NOTHING):
        return OwnWords(without_tokens(_blank_lines_once(words)), found=True)
    return OwnWords(without_tokens(text.strip()), found=False)


def without_tokens(text: str) -> str:
    """The text without the secret parts of our links and of our reply addresses, which a quotation brings back."""
    return _REPLY_TOKENS.sub("+r.…@", _LINK_TOKENS.sub(r"\1l\2…", text))


def plain(line: str) -> str:
    """A line as it is compared: without blanks and stars, in lower case, its dashes and colons of one kind."""
    shown = unicodedata.normalize("NFC", _QUOTE.sub("", line[:_LOOKED_AT], count=1).strip())
    return _NOISE.sub("", shown.translate(_DASHES).replace("：", ":").replace("＂", '"')).lstrip("|").lower()


def _pieces(lines: Sequence[str], *, forwards: bool, ours: list[str]) -> list[list[str]]:
    """What stands above, between and below the quotations."""
    plains = [plain(line) for line in lines]
    quoted = [bool(_QUOTE.match(line)) for line in lines]
    pieces: list[list[str]] = [[]]
    at = 0
    while at < len(lines):
        behind = _behind_quotation_head(lines, plains, at, forwards, ours)
        if behind is None:
            if not (quoted[at] and (len(pieces) > 1 or _CITED.match(lines[at]))):
                pieces[-1].append(lines[at])
            at += 1
            continue
        if pieces[-1] and _is_bar(plain(pieces[-1][-1])):
            pieces[-1].pop()
        pieces.append([])
        following = next((line for line in range(behind, len(lines)) if plains[line]), None)
        if following is None:
            break
        if not quoted[following]:
            if not quoted[at]:
                break
            at = behind
            continue
        at = _behind_quoted(lines, plains, quoted, following)
    return pieces


def _behind_quoted(lines: Sequence[str], plains: Sequence[str], quoted: Sequence[bool], at: int) -> int:
    """The line where quoted lines end; the rest of a line that the program broke belongs to them."""
    while at < len(lines) and (quoted[at] or not plains[at] or _is_broken_rest(lines, quoted, at)):
        at += 1
    return at


def _is_broken_rest(lines: Sequence[str], quoted: Sequence[bool], at: int) -> bool:
    return at > 0 and quoted[at - 1] and len(lines[at - 1]) >= _WRAPPED_FROM and at + 1 < len(lines) and quoted[at + 1]


def _behind_quotation_head(
    lines: Sequence[str], plains: Sequence[str], at: int, forwards: bool, ours: list[str]
) -> int | None:
    """The line behind what introduces a quotation, where such a thing begins here."""
    line = plains[at]
    if not line:
        return None
    if line.strip("-.") in clients.MARKERS:
        return at + 1
    if clients.FORWARDED.fullmatch(line):
        end = _head_end(plains, at + 1, needed=1)
        return (end or at + 1) if _is_ours(lines, plains, at, ours) else None
    if clients.ORIGINAL.match(line):
        end = _head_end(plains, at, needed=1) or _head_end(plains, at + 1, needed=1)
        return None if forwards and not _is_ours(lines, plains, at, ours) else end or at + 1
    if (end := _wrote_end(lines, plains, at)) is not None:
        return end
    end = _head_end(plains, at, needed=3)
    if end is None and (heading := _heading_below_name(plains, at)):
        end = _head_end(plains, heading, needed=3)
    if end is not None and _follows_forward_bar(plains, at):
        return None
    return None if end is not None and forwards and not _is_ours(lines, plains, at, ours) else end


def _wrote_end(lines: Sequence[str], plains: Sequence[str], at: int) -> int | None:
    """The line behind "On … wrote:", which may take up to three lines."""
    joined = ""
    for end in range(at, min(at + _WROTE_LINES, len(plains))):
        if not plains[end] or (end > at and len(joined) > _LOOKED_AT):
            return None
        joined += plains[end]
        said = joined.strip("-")
        if not (clients.WROTE.search(said) or (said.endswith(">:") and clients.DATED.search(said))):
            if end == at and not (clients.BEGINS_WROTE.match(said) or "<" in said):
                return None
            continue
        next_line = next((lines[line] for line in range(end + 1, min(end + 4, len(lines))) if plains[line]), "")
        return end + 1 if clients.DATED.search(said) or _QUOTE.match(next_line) else None
    return None


def _head_end(plains: Sequence[str], at: int, *, needed: int) -> int | None:
    """The line behind a quoted head (From, Date, To, Subject) that begins here, if it has as many different lines."""
    roles: set[str] = set()
    end, since = None, 0
    for line in range(at, min(at + _HEAD_LINES, len(plains))):
        heading = clients.HEADING.match(plains[line])
        if heading is None:
            if line == at and clients.ORIGINAL.match(plains[line]) is None:
                return None
            since += 1
            if since > _BETWEEN_HEADINGS and roles:
                break
        else:
            since = 0
            roles.add(clients.ROLES[heading[1]])
            end = line + 1
        within = clients.HEADING_WITHIN.findall(plains[line])
        if len(within) > 1 or (within and heading is None):
            roles |= {clients.ROLES[word] for word in within}
            end = line + 1
    if end is None or len(roles - {"other"}) < needed or not roles & {"from", "to"}:
        return None
    return end if "subject" in roles or needed == 1 or any("@" in line for line in plains[at:end]) else None


def _heading_below_name(plains: Sequence[str], at: int) -> int | None:
    """The first heading under a line with a name and an address and one with a date, as Notes has them."""
    if not plains[at].endswith(">") or "@" not in plains[at]:
        return None
    for line in range(at + 1, min(at + 5, len(plains))):
        if clients.HEADING.match(plains[line]):
            return line
        if plains[line] and not clients.DATED.search(plains[line]):
            return None
    return None


def _follows_forward_bar(plains: Sequence[str], at: int) -> bool:
    return any(clients.FORWARDED.fullmatch(plains[line]) for line in range(max(0, at - 2), at))


def _is_ours(lines: Sequence[str], plains: Sequence[str], at: int, ours: list[str]) -> bool:
    """Whether the mail that is quoted here is one of ours."""
    near = "\n".join(line[:_LOOKED_AT] for line in lines[at : at + _HEAD_LINES]).lower()
    from_line = next(
        (
            plains[line]
            for line in range(at, min(at + _HEAD_LINES, len(plains)))
            if (found := clients.HEADING.match(plains[line])) and clients.ROLES[found[1]] == "from"
        ),
        near,
    )
    return any(address in from_line for address in ours)


def _is_bar(line: str) -> bool:
    return bool(line) and bool(_BAR.fullmatch(line))


def _without_signature(piece: Sequence[str]) -> list[str]:
    """The lines without what a program adds at the end, and without what stands behind the mark of a signature."""
    end = next((at for at, line in enumerate(piece) if line.rstrip() == "--"), len(piece))
    kept = list(piece[:end])
    while kept and (not (said := plain(kept[-1])) or clients.SIGNATURES.fullmatch(said)):
        kept.pop()
    return [*kept, ""]


def _blank_lines_once(text: str) -> str:
    lines = [line.rstrip() for line in text.split("\n")]
    return "\n".join(line for number, line in enumerate(lines) if line or (number and lines[number - 1]))

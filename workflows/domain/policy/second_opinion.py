"""A second opinion on what a customer wrote, learned from labelled sentences (R8, R10).

Keywords miss whoever has other words. Here every short piece of a text (one to three Chinese characters, a Latin word,
two in a row, the beginning of one) and every list of keywords that occurs in it speaks for or against each type and
priority, with a weight. Only whole numbers are added up, so that the answer is the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import isqrt
from typing import NamedTuple

from pydantic import Field, field_validator

from workflows.domain.formats import Key, Line
from workflows.domain.model import Fact
from workflows.domain.policy.keywords import folded, left_aside, lists_found
from workflows.domain.vocabulary import Priority

SCALE = 100
"""What a weight of one is written as."""
_PIECE = re.compile(r"[a-z]+|\d+|[\u3400-\u9fff]+|[?!]")
_SENTENCE = re.compile(r"[^。!?;\n]+[。!?;\n]*")
_PASSAGE, _PASSAGES = 160, 40
"""Characters of a text that are judged together, and how many such passages of it are looked at."""
_ASIDE = "@aside"
_PASSES = 20
"""Over a company's own sentences while training."""
_CLEAR = 50
"""The margin by which a company's own sentence has to be judged as it says, in hundredths."""
_PRIORITIES = frozenset(priority.value for priority in Priority)

Scores = dict[str, int]
"""Type or priority -> how much speaks for it, in hundredths."""


class Example(Fact):
    """A sentence of the company's own, and what it is."""

    text: Line
    type: Key
    priority: Priority


class SecondOpinion(Fact):
    """What is known of the words of customers. `triage = "shipped"` fills in `weights`, `lists` and `asides`."""

    weights: str = ""
    """A line with the names of types and priorities, then one a piece: the piece, a tab, its weight for each of the
    names in hundredths. Empty: there is no second opinion.
    """
    lists: dict[str, tuple[Line, ...]] = Field(default_factory=dict)
    """Keywords by the names that weights call them by, after an `@`."""
    asides: tuple[Line, ...] = ()
    """Words whose clause is not looked at for the lists, as in a condition."""
    alarm_above: int = Field(default=-90, ge=-1000, le=1000)
    """P0 where more than so much speaks for it, in hundredths; the lower, the earlier the alarm."""
    rules_count: int = Field(default=100, ge=0, le=1000)
    """How much it speaks for a type or priority that a shipped rule names it, in hundredths."""
    alarm_types: tuple[Key, ...] = ("technical",)
    """Types that can be P0 by their words alone."""
    examples: tuple[Example, ...] = ()

    @field_validator("weights")
    @classmethod
    def _well_formed(cls, value: str) -> str:
        if value and not _is_well_formed(value):
            raise ValueError(
                "not well-formed; allowed: a line of names, then lines of a piece, a tab, a number for each"
            )
        return value


class Opinion(NamedTuple):
    """The opinion on one passage of a text."""

    scores: Scores
    pieces: frozenset[str]


def opinions(known: SecondOpinion, text: str) -> list[Opinion]:
    """What speaks for each type and priority, passage by passage; empty where nothing is known."""
    if not known.weights:
        return []
    names, weights = _learned(known)
    judged = []
    for passage in _passages(text):
        pieces = pieces_of(passage, known.lists, known.asides)
        judged.append(Opinion(_scores(names, weights, pieces), pieces))
    return judged


def spoken_for(known: SecondOpinion, opinion: Opinion, name: str, most: int = 3) -> list[str]:
    """The pieces that speak most for a type or priority, the strongest first; none is a part of another."""
    names, weights = _learned(known)
    if name not in names:
        return []
    column = names.index(name)
    weighed = [(weights[piece][column], piece) for piece in opinion.pieces if piece in weights and piece[0] != "@"]
    told: list[str] = []
    for weight, piece in sorted(weighed, key=lambda one: (-one[0], one[1])):
        word = piece.rstrip("*")
        if weight > 0 and not any(word in other or other in word for other in told):
            told.append(word)
    return told[:most]


def pieces_of(text: str, lists: Mapping[str, tuple[str, ...]], asides: tuple[str, ...]) -> frozenset[str]:
    """The pieces of a text, and the lists that occur in it, outside of what is asked, supposed or denied."""
    plain = folded(text)
    rest = left_aside(asides, plain) if asides else plain
    pieces = {f"@{name}" for name in lists_found(lists, rest)}
    if rest != plain:
        pieces.add(_ASIDE)
    before = ""
    for found in _PIECE.finditer(plain):
        word = found[0]
        if word[0] >= "\u3400":
            pieces.update(word[i : i + n] for n in (1, 2, 3) for i in range(len(word) - n + 1))
            before = ""
            continue
        if word.isdigit():
            word = "#" if len(word) == 1 else "##"
        pieces.add(word)
        if before:
            pieces.add(f"{before} {word}")
        if len(word) > 4:
            pieces.add(f"{word[:4]}*")
        before = word
    return frozenset(pieces)


def written(names: Iterable[str], weights: Mapping[str, tuple[int, ...]]) -> str:
    """The text that `SecondOpinion.weights` holds."""
    lines = ["\t".join(names)]
    lines += [f"{piece}\t{' '.join(map(str, weights[piece]))}" for piece in sorted(weights)]
    return "\n".join(lines) + "\n"


def _passages(text: str) -> list[str]:
    """Sentences put together to some length: one alarming sentence counts as much in a long letter as alone."""
    passages = [""]
    for sentence in _SENTENCE.findall(text):
        for start in range(0, len(sentence), _PASSAGE):
            part = sentence[start : start + _PASSAGE]
            if passages[-1] and len(passages[-1]) + len(part) > _PASSAGE:
                passages.append("")
            passages[-1] += part
        if len(passages) > _PASSAGES:
            break
    return passages[:_PASSAGES]


def _scores(names: tuple[str, ...], weights: Mapping[str, tuple[int, ...]], pieces: frozenset[str]) -> Scores:
    """Sums divided by the root of the number of pieces, so that length says nothing."""
    rows = [weights[piece] for piece in pieces if piece in weights]
    sums = [sum(column) for column in zip(*rows, strict=True)] if rows else [0] * len(names)
    root = isqrt(max(len(pieces), 1) * 1_000_000)
    base = weights.get("", (0,) * len(names))
    return {name: start + total * 1000 // root for name, start, total in zip(names, base, sums, strict=True)}


@lru_cache(maxsize=4)
def _is_well_formed(text: str) -> bool:
    """Half a megabyte, and a policy that is read again mostly has the same."""
    names, _, rows = text.partition("\n")
    row = rf"[^\t\n]*\t-?\d{{1,6}}(?: -?\d{{1,6}}){{{names.count(chr(9))}}}"
    return re.fullmatch(rf"(?:{row}\n)*", rows) is not None


@lru_cache(maxsize=4)
def _read(text: str) -> tuple[tuple[str, ...], dict[str, tuple[int, ...]]]:
    """Names and weights of a text that is well-formed."""
    first, *lines = text.splitlines()
    cut = (line.partition("\t") for line in lines)
    return tuple(first.split("\t")), {piece: tuple(map(int, row.split(" "))) for piece, _, row in cut}


_KNOWN: dict[int, tuple[SecondOpinion, tuple[str, ...], dict[str, tuple[int, ...]]]] = {}


def _learned(known: SecondOpinion) -> tuple[tuple[str, ...], dict[str, tuple[int, ...]]]:
    """Names and weights, with the company's own sentences learned; read once for each policy."""
    kept = _KNOWN.get(id(known))
    if kept is not None and kept[0] is known:
        return kept[1], kept[2]
    names, weights = _read(known.weights)
    if known.examples:
        weights = _trained(known, names, weights)
    if len(_KNOWN) >= 8:
        _KNOWN.clear()
    _KNOWN[id(known)] = known, names, weights
    return names, weights


def _trained(
    known: SecondOpinion, names: tuple[str, ...], weights: Mapping[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    """Weights moved until each sentence is what the company says it is, also against a rule, and no further."""
    trained = dict(weights)
    examples = [(pieces_of(one.text, known.lists, known.asides), one) for one in known.examples]
    for _ in range(_PASSES):
        moved = False
        for pieces, example in examples:
            scores = _scores(names, trained, pieces)
            missing = {
                name: amount
                for right in (example.type, example.priority.value)
                if right in names
                for name, amount in _missing(known, scores, right).items()
                if amount
            }
            if missing:
                moved = True
                _move(trained, names, pieces, missing)
        if not moved:
            break
    return trained


def _missing(known: SecondOpinion, scores: Scores, right: str) -> Scores:
    """What a type or priority lacks to win over any rule, and what P0 then has to lose."""
    clear = known.rules_count + _CLEAR
    if right == Priority.P0:
        return {right: max(known.alarm_above + _CLEAR - scores[right], 0)}
    rivals = [name for name in scores if (name in _PRIORITIES) == (right in _PRIORITIES)]
    best = max((scores[name] for name in rivals if name not in {right, Priority.P0.value}), default=-clear)
    missing = {right: max(best + clear - scores[right], 0)}
    if Priority.P0.value in rivals:
        missing[Priority.P0.value] = min(known.alarm_above - clear - scores[Priority.P0.value], 0)
    return missing


def _move(weights: dict[str, tuple[int, ...]], names: tuple[str, ...], pieces: frozenset[str], changes: Scores) -> None:
    """Changes of scores, shared out among the pieces and rounded away from nothing. Single characters and lists are in
    too many other texts to bear them.
    """
    telling = [piece for piece in pieces if len(piece) > 1 and piece[0] != "@"] or list(pieces)
    root, parts = isqrt(len(pieces) * 1_000_000), len(telling) * 1000
    sums = [changes.get(name, 0) * root for name in names]
    share = [-(-total // parts) if total > 0 else total // parts for total in sums]
    nothing = (0,) * len(names)
    for piece in telling:
        weights[piece] = tuple(a + b for a, b in zip(weights.get(piece, nothing), share, strict=True))

"""Learns the weights of the second opinion from labelled sentences: `python -m activities.policy.triage.learning`.

Writes `weights.txt` beside `examples.txt`, from which it learns; further files of sentences may be named. One logistic
regression for each type and priority, by gradient descent with steps of their own for each piece (AdaGrad), in an
order that a seed decides: the same sentences give the same weights.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from math import exp, sqrt
from pathlib import Path

from activities.policy.triage.word_lists import EXAMPLES, WEIGHTS, shipped_lists
from workflows.domain.policy.second_opinion import SCALE, pieces_of, written

_EPOCHS, _STEP, _SHRINK = 12, 0.5, 1e-4
_SEEN = 2
"""A piece of only one sentence is not learned."""
_NOISE = 10
"""Pieces that nowhere weigh so much, in hundredths, are left out."""

Sentence = tuple[str, str, str]
"""Type, priority, text."""


def read_sentences(path: Path) -> list[Sentence]:
    """The sentences of a file, one a line: `technical P0 the text`; lines with `#` are remarks."""
    lines = (line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#"))
    return [(kind, priority, text) for kind, priority, text in (line.split(" ", 2) for line in lines)]


def learned(sentences: Sequence[Sentence], epochs: int = _EPOCHS) -> str:
    """The weights of these sentences, as `SecondOpinion.weights` holds them."""
    lists, asides = shipped_lists()
    names = [*dict.fromkeys(kind for kind, _, _ in sentences), *sorted({level for _, level, _ in sentences})]
    texts = [pieces_of(text, lists, asides) for _, _, text in sentences]
    seen = Counter(piece for pieces in texts for piece in pieces)
    columns = range(len(names))
    weights = {piece: [0.0] * len(names) for piece in ["", *sorted(p for p, times in seen.items() if times >= _SEEN)]}
    steps = {piece: [1e-8] * len(names) for piece in weights}
    lessons = []
    for (kind, level, _), pieces in zip(sentences, texts, strict=True):
        known = sorted(piece for piece in pieces if piece in weights)
        lessons.append((known, 1 / sqrt(len(pieces)), [name in {kind, level} for name in names]))
    order = random.Random(len(lessons))  # noqa: S311 - an order, not a secret
    for _ in range(epochs):
        order.shuffle(lessons)
        for known, size, right in lessons:
            rows = [weights[piece] for piece in known]
            base = weights[""]
            sums = [sum(column) for column in zip(*rows, strict=True)] or [0.0] * len(names)
            errors = [1 / (1 + exp(-(base[i] + size * sums[i]))) - right[i] for i in columns]
            busy = [i for i in columns if abs(errors[i]) > 0.01]
            for piece, amount in [*((piece, size) for piece in known), ("", 1.0)]:
                row, step = weights[piece], steps[piece]
                for i in busy:
                    slope = errors[i] * amount + _SHRINK * row[i]
                    step[i] += slope * slope
                    row[i] -= _STEP * slope / sqrt(step[i])
    return written(names, dict(_rounded(weights)))


def _rounded(weights: dict[str, list[float]]) -> Iterable[tuple[str, tuple[int, ...]]]:
    for piece, row in weights.items():
        whole = tuple(round(weight * SCALE) for weight in row)
        if not piece or any(abs(weight) >= _NOISE for weight in whole):
            yield piece, whole


def main(paths: Iterable[str]) -> None:
    """Learn from the shipped sentences and those of the files named."""
    sentences = [one for path in (EXAMPLES, *map(Path, paths)) for one in read_sentences(path)]
    WEIGHTS.write_text(learned(sentences), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

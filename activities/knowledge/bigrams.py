"""Words of a text as the index knows them: pairs of neighbouring characters in Chinese, whole words elsewhere.

The same text gives the same words on every database, so that a search answers the same wherever it runs (R28).
"""

from __future__ import annotations

import re
import unicodedata
from operator import add
from typing import Final

_HAN: Final = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN: Final = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_IS_HAN: Final = re.compile(rf"[{_HAN}]")
_LONGEST: Final = 40
"""Characters of a word; what is longer is a key or a digest, found by its beginning."""


def words_of(text: str) -> list[str]:
    """Every word in order, repetitions included: letters and digits only, lower case, never empty.

    A Chinese run of n characters gives its n - 1 pairs, a lone character itself. English words lose their endings
    (`prints`, `printed` and `printing` are one word).
    """
    found: list[str] = []
    for run in _runs(text):
        if not _IS_HAN.match(run):
            found.append(_stem(run[:_LONGEST]))
        elif len(run) == 1:
            found.append(run)
        else:
            found.extend(run[index : index + 2] for index in range(len(run) - 1))
    return found


def pieces_of(text: str) -> frozenset[str]:
    """The words of a text, and each Chinese character as well: short texts that say the same share more of these."""
    found: set[str] = set()
    for run in _runs(text):
        if _IS_HAN.match(run):
            found.update(run)
            found.update(map(add, run, run[1:]))
        else:
            found.add(_stem(run[:_LONGEST]))
    return frozenset(found)


def _runs(text: str) -> list[str]:
    """What stands together: Chinese characters, or letters and digits."""
    return _RUN.findall(unicodedata.normalize("NFKC", text).casefold())


def _stem(word: str) -> str:
    if not (word.isascii() and word.isalpha()):
        return word
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    return word.removesuffix("e") if len(word) > 3 else word

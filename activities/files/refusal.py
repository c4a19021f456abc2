"""Why a file is not taken: a code for programs, facts, and one line for people from the labels (R41)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from activities.rendering.labels import label
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale


class FileRefusal(StrEnum):
    """The reasons; each has a label of kind `file_refusal`, with the facts in braces."""

    NO_NAME = "no_name"
    ENDING = "ending"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    CASE_FULL = "case_full"
    OTHER_CONTENT = "other_content"
    HEIC_AS_OTHER = "heic_as_other"
    PROGRAM = "program"
    MACROS = "macros"
    UNKNOWN_FILE = "unknown_file"
    USED_ELSEWHERE = "used_elsewhere"
    CASE_CLOSED = "case_closed"


class FileRefusedError(Problem):
    """A file that is not taken; its text is one English line.

    Attributes:
        reason_code: one of `FileRefusal`.
        facts: what stands in braces in its label, such as `name`, `allowed`, `megabytes`.
    """

    def __init__(self, reason_code: FileRefusal, **facts: str | int) -> None:
        super().__init__(refusal_text(reason_code, facts, Locale.EN))
        self.reason_code = reason_code
        self.facts: Mapping[str, str | int] = facts


class FileStoreError(Problem):
    """The bytes cannot be kept or read now; what was asked for may be tried again."""


def refusal_text(reason_code: FileRefusal, facts: Mapping[str, str | int], locale: Locale) -> str:
    """The reason in words that a customer understands."""
    return label("file_refusal", reason_code.value, locale).format_map(facts)

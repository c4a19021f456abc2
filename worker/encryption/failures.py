"""Failure converters: what of an error is kept in Temporal's history, which is nothing that customers wrote."""

from __future__ import annotations

from temporalio.api.failure.v1 import Failure
from temporalio.converter import DefaultFailureConverter, PayloadConverter
from temporalio.exceptions import ApplicationError, FailureError

from activities.privacy.redaction import safe_message
from workflows.domain.problem import Problem


class MissingKeyError(Problem):
    """A payload is encrypted with a key that this process does not have; it can be read as soon as the key is there."""

    def __init__(self, name: str, *, has_other: bool = False) -> None:
        self.key_id = name
        known = f"the key of the id {name} here is another one" if has_other else f"key {name} is missing here"
        super().__init__(
            f"encrypted with key {name}, but {known}: add it to BIHUAN_ENCRYPTION_KEYS and start again; "
            "until then this waits"
        )


class PlainFailures(DefaultFailureConverter):
    """Failures that are readable in the history, and so hold only words that are safe to show."""

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        """See the base class; called for each error of a chain."""
        if not isinstance(exception, FailureError):
            shown = ApplicationError(safe_message(exception), type=type(exception).__name__)
            shown.__traceback__, shown.__cause__ = exception.__traceback__, exception.__cause__
            exception = shown
        super().to_failure(exception, payload_converter, failure)


class EncodedFailures(PlainFailures):
    """Failures with message and stack trace encrypted, except where the message says which key is missing."""

    def __init__(self) -> None:
        super().__init__(encode_common_attributes=True)
        self._plain = PlainFailures()

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        """See the base class; called for each error of a chain."""
        if isinstance(exception, MissingKeyError):
            self._plain.to_failure(exception, payload_converter, failure)
        else:
            super().to_failure(exception, payload_converter, failure)

"""How errors become Temporal's failures, which stay in its history: in words that may stay there."""

from __future__ import annotations

from temporalio.api.failure.v1 import Failure
from temporalio.converter import DefaultFailureConverter, PayloadConverter
from temporalio.exceptions import ApplicationError, FailureError

from activities.privacy.redaction import safe_message
from workflows.domain.problem import Problem


class MissingKeyError(Problem):
    """Something is encrypted with a key that this process does not have. Nothing is lost: with the key it is read."""

    def __init__(self, name: str, *, has_other: bool = False) -> None:
        self.key_id = name
        known = f"the key of the id {name} here is another one" if has_other else f"key {name} is missing here"
        super().__init__(
            f"encrypted with key {name}, but {known}: add it to BIHUAN_ENCRYPTION_KEYS and start again; "
            "until then this waits"
        )


class PlainFailures(DefaultFailureConverter):
    """Readable for whoever may read the history, so without what customers wrote."""

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        """See the base class; called for each error of a chain."""
        if not isinstance(exception, FailureError):
            told = ApplicationError(safe_message(exception), type=type(exception).__name__)
            told.__traceback__, told.__cause__ = exception.__traceback__, exception.__cause__
            exception = told
        super().to_failure(exception, payload_converter, failure)


class EncodedFailures(PlainFailures):
    """The same, message and stack trace encrypted, but for the one message that says which key is missing."""

    def __init__(self) -> None:
        super().__init__(encode_common_attributes=True)
        self._plain = PlainFailures()

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        """See the base class; called for each error of a chain."""
        if isinstance(exception, MissingKeyError):
            self._plain.to_failure(exception, payload_converter, failure)
        else:
            super().to_failure(exception, payload_converter, failure)

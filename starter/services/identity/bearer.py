"""Who asks a service for something: the bearer of a token or session that is valid now (R45)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from workflows.domain.case.recorded.reading import may_read, sees_all
from workflows.domain.policy.reading import ReadingRules
from workflows.domain.vocabulary import TokenRight, Via

if TYPE_CHECKING:
    from activities.queries.case_record import CaseRecord
    from workflows.domain.organisation.organisation import Organisation

RIGHTS_OF_PEOPLE: Final = frozenset({TokenRight.HAND_IN, TokenRight.READ, TokenRight.ACT, TokenRight.KNOWLEDGE})
RIGHTS_OF_SYSTEMS: Final = frozenset({TokenRight.HAND_IN, TokenRight.READ, TokenRight.CUSTOMER, TokenRight.KNOWLEDGE})


@dataclass(frozen=True)
class Bearer:
    """The bearer of a valid token or session.

    Attributes:
        person: id of a person of the organisation; None for a system.
        caller: that id, or `system:NAME`.
        rights: what it may be used for.
        key: names the token or session, and opens nothing.
        via: how its bearer's commands come.
        expires_at: when it ends at the latest.
        organisation: the one in force.
        reading: what the policy lets people read.
    """

    person: str | None
    caller: str
    rights: frozenset[TokenRight]
    key: str
    via: Via
    expires_at: datetime
    organisation: Organisation | None
    reading: ReadingRules

    def has(self, right: TokenRight) -> bool:
        """Whether it may be used for that."""
        return right in self.rights

    @property
    def sees_all(self) -> bool:
        """Whether every case is theirs to see."""
        if self.person is None:
            return True
        return self.organisation is not None and sees_all(self.person, self.organisation, self.reading)

    def may_read(self, record: CaseRecord) -> bool:
        """Whether that case is theirs to see, if they have the right to see any."""
        if self.person is None:
            return True
        return may_read(self.person, record.view, self.organisation, record.form, self.reading)

"""Cases and people that the mails of these tests speak of, made up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from activities.mailbox.threading import OwnAddresses
from tests.activities.mailbox.made_up import AGENT, LI_NA, ROOT_A, ROOT_B, TOKEN, US, WANG, A, B

OWN = OwnAddresses(frozenset({US}), frozenset({"service-group@example.com"}))


class MadeUpCases:
    """A is Wang's, B is Li Na's."""

    async def find_by_token(self, token: str) -> str | None:
        return {TOKEN: A}.get(token)

    async def find_by_message_ids(self, ids: Sequence[str]) -> Mapping[str, str]:
        known = {ROOT_A.strip("<>"): A, ROOT_B.strip("<>"): B}
        return {id_: known[id_] for id_ in ids if id_ in known}

    async def contacts_of(self, number: str) -> Collection[str] | None:
        return {A: {WANG}, B: {LI_NA}}.get(number)

    async def is_staff(self, address: str) -> bool:
        return address == AGENT

"""Cases and people that the mails of these tests speak of, made up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from activities.mailbox.interpretation.threading import OwnAddresses

WANG, LI_NA, AGENT, US = "wang.xiaoming@example.cn", "li.na@example.com", "agent-001@example.com", "support@example.com"
A, B = "FB202611260001", "FB202611260002"
TOKEN = "mfrggzdfmztwq2lkmjzgq4tvpi"
ROOT_A, ROOT_B = "<3f1c9a70aa@support.example.com>", "<77b0e2d1bb@support.example.com>"
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

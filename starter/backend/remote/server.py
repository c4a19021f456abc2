"""What all parts of the port by the API share: the connection, the server's context, and who may be named as sender."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from starter.backend.http import ApiClient, RefusedError
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import CUSTOMER

if TYPE_CHECKING:
    from starter.backend.address import ServerAddress
    from worker.installation.company_time import CompanyTime


class RemoteServer:
    """The API of a server, whose context (time, zone, people) is asked for once."""

    def __init__(self, address: ServerAddress) -> None:
        self._api = ApiClient(address)

    @cached_property
    def _context(self) -> dict[str, Any]:
        found: dict[str, Any] = self._api.get("/context")
        return found

    async def company(self) -> CompanyTime:
        """The cases' time, and the company's zone, as the server has them."""
        from worker.installation.company_time import CompanyTime

        return CompanyTime(self._context["virtual_time"] or {}, self._context["zone"])

    def check_sender(self, by: str, relayed_by: str | None = None) -> None:
        """The token says who somebody is, and who took down what a customer said."""
        if by.strip() not in {"", CUSTOMER}:
            raise Problem(
                f"--as {by}: at {self._api.url} the token says who you are; allowed: --as {CUSTOMER}, for what a "
                "customer told you"
            )
        if relayed_by is not None:
            raise Problem(f"--relayed-by: at {self._api.url} the token says who took it down; leave it out")

    def _of_case(self, number: str, path: str = "", **query: Any) -> Any:
        """What an address of a case answers.

        Raises:
            Problem: there is none such, or it is not ours to see.
        """
        try:
            return self._api.get(f"/cases/{number}{path}", **query)
        except RefusedError as refused:
            raise self._explained(refused, number) from None

    def _explained(self, refused: RefusedError, number: str) -> Problem:
        if refused.kind != "not_found" or "reason" in refused.facts:
            return refused
        from starter.services.cases.reading import unknown_case

        return unknown_case(number)

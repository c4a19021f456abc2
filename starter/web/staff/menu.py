"""The menu at the head of every page of the staff. A page that gets an entry here has its address in `app.PAGES`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starter.services.identity.bearer import Bearer


def _everybody(who: Bearer) -> bool:  # noqa: ARG001
    return True


def _sees_all(who: Bearer) -> bool:
    return who.sees_all


@dataclass(frozen=True)
class Entry:
    """A link; `key` names its words under `[desk.menu]`, `shown_to` says who has use for it."""

    key: str
    path: str
    shown_to: Callable[[Bearer], bool] = _everybody


MENU: Final = (
    Entry("mine", "/desk"),
    Entry("department", "/desk/department"),
    Entry("unclaimed", "/desk/unclaimed"),
    Entry("stuck", "/desk/stuck"),
    Entry("search", "/desk/cases"),
    Entry("now", "/desk/now"),
    Entry("board", "/board"),
    Entry("calls", "/desk/calls"),
    Entry("new", "/desk/new"),
    Entry("knowledge", "/desk/kb"),
    Entry("reviews", "/desk/reviews"),
    Entry("reports", "/desk/reports", _sees_all),
)


def menu_of(who: Bearer | None) -> list[Entry]:
    """The entries for who is signed in; none for nobody."""
    return [entry for entry in MENU if entry.shown_to(who)] if who is not None else []

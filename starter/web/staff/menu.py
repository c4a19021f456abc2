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
class MenuEntry:
    """A link; `key` names its words under `[desk.menu]`, `shown_to` says who has use for it."""

    key: str
    path: str
    shown_to: Callable[[Bearer], bool] = _everybody


MENU: Final = (
    MenuEntry("mine", "/desk"),
    MenuEntry("department", "/desk/department"),
    MenuEntry("unclaimed", "/desk/unclaimed"),
    MenuEntry("stuck", "/desk/stuck"),
    MenuEntry("search", "/desk/cases"),
    MenuEntry("now", "/desk/now"),
    MenuEntry("board", "/board"),
    MenuEntry("calls", "/desk/calls"),
    MenuEntry("new", "/desk/new"),
    MenuEntry("knowledge", "/desk/kb"),
    MenuEntry("reviews", "/desk/reviews"),
    MenuEntry("reports", "/desk/reports", _sees_all),
)


def menu_of(who: Bearer | None) -> list[MenuEntry]:
    """The entries for who is signed in; none for nobody."""
    return [entry for entry in MENU if entry.shown_to(who)] if who is not None else []

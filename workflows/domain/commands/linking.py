"""The commands by which one case follows another: one cause, many callers (R28)."""

from __future__ import annotations

from workflows.domain.commands.command import Command, Id, OurCommand, Text


class Link(Command):
    """Follow the open main case `to`: one cause, many callers (R28)."""

    name = "link"
    to: Id
    why: Text | None = None
    """Needed where the products differ."""


class Unlink(Command):
    """Follow the main case no longer."""

    name = "unlink"
    why: Text | None = None


class FollowerAdded(OurCommand):
    """A case follows this one from now on; sent by that case."""

    name = "follower_added"
    follower: Id
    linked_by: Id
    why: Text | None = None

    def sent_by_workflow(self, to: str) -> str | None:  # noqa: ARG002
        """The other case."""
        return self.follower


class FollowerRemoved(OurCommand):
    """A case follows this one no longer; sent by that case."""

    name = "follower_removed"
    follower: Id
    unlinked_by: Id
    cause: Id
    why: Text | None = None

    def sent_by_workflow(self, to: str) -> str | None:  # noqa: ARG002
        """The other case."""
        return self.follower


class FollowerReleased(OurCommand):
    """The main case does not take this case, or has closed without a solution; sent by the main case."""

    name = "follower_released"
    main: Id
    reason: Text

    def sent_by_workflow(self, to: str) -> str | None:  # noqa: ARG002
        """The main case."""
        return self.main

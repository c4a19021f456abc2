"""The schema's history, carried out by Alembic inside the program (`Database.migrate`).

A new revision is a file in `versions/` that names the one before it as `down_revision`; `HEAD` here names the last.
Tables as this release has them are in `activities.database.schema`.
"""

from __future__ import annotations

from typing import Final

HEAD: Final = "0022"
"""The revision this release works with; kept here so that a start at head need not load Alembic."""

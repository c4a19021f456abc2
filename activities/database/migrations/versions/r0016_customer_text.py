"""What customers are searched by, in one column that stays as the form is (R30)."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_INDEX = "ix_registration_customer_text"
_SEARCHED = ("name", "company", "phone", "wechat", "email", "other")
_IN_NUMBERS = re.compile(r"(?<=\d)[\s()（）-]+(?=\d)")
_LONGEST, _AT_ONCE = 400, 1_000


def upgrade() -> None:
    """Forward; the text of every form that is there is written, which takes a minute for a million of them."""
    op.add_column("registration", sa.Column("customer_text", sa.String(), nullable=True))
    connection = op.get_bind()
    last = ""
    page = sa.text("SELECT number, form FROM registration WHERE number > :last ORDER BY number LIMIT :most")
    fill = sa.text("UPDATE registration SET customer_text = :said WHERE number = :of")
    while rows := connection.execute(page, {"last": last, "most": _AT_ONCE}).all():
        last = rows[-1].number
        connection.execute(fill, [{"of": row.number, "said": _searched(row.form)} for row in rows])
    op.create_index(_INDEX, "registration", ["received_at", "number", "customer_text"])


def downgrade() -> None:
    """Back to the schema before."""
    op.drop_index(_INDEX, "registration")
    op.drop_column("registration", "customer_text")


def _searched(stored: Any) -> str | None:
    """As `activities.intake.submission` had it when this was written; a damaged form has none."""
    try:
        form = json.loads(stored) if isinstance(stored, str) else stored
    except ValueError:
        return None
    customer = form.get("customer") if isinstance(form, dict) else None
    known = customer if isinstance(customer, dict) else {}
    texts = [text for key in _SEARCHED if isinstance(text := known.get(key), str) and text]
    said = "\n".join(_plain(text.replace("\x00", "\ufffd")) for text in texts)
    return said[:_LONGEST] or None


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_IN_NUMBERS.sub("", plain).split())

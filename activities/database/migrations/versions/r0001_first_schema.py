"""The first schema: register, settlements, the record of cases, outbox, organisation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    instant = sa.DateTime(timezone=True)
    document = sa.JSON()

    op.create_table(
        "registration",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("intake_key", sa.String()),
        sa.Column("form", document, nullable=False),
        sa.Column("received_at", instant, nullable=False),
        sa.Column("started_at", instant),
        sa.Column("customer_name", sa.String()),
        sa.Column("customer_phone", sa.String()),
        sa.Column("customer_email", sa.String()),
        sa.PrimaryKeyConstraint("number", name="pk_registration"),
        sa.UniqueConstraint("channel", "intake_key", name="uq_registration_channel_intake_key"),
    )
    for column in ("customer_phone", "customer_email", "received_at", "started_at"):
        op.create_index(f"ix_registration_{column}", "registration", [column])

    op.create_table(
        "day_serial",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_day_serial"),
    )

    op.create_table(
        "settlement",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("owner", sa.String()),
        sa.Column("body", document, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_settlement"),
        sa.ForeignKeyConstraint(["number"], ["registration.number"], name="fk_settlement_number_registration"),
    )

    op.create_table(
        "case_record",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("subtype", sa.String()),
        sa.Column("department", sa.String()),
        sa.Column("case_group", sa.String()),
        sa.Column("owner", sa.String()),
        sa.Column("escalation_level", sa.Integer(), nullable=False),
        sa.Column("acknowledged", sa.Boolean(), nullable=False),
        sa.Column("breached", sa.Boolean(), nullable=False),
        sa.Column("next_due", instant),
        sa.Column("opened_at", instant, nullable=False),
        sa.Column("updated_at", instant, nullable=False),
        sa.Column("closed_at", instant),
        sa.Column("view", document, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_case_record"),
        sa.ForeignKeyConstraint(["number"], ["registration.number"], name="fk_case_record_number_registration"),
    )
    for columns in (["status", "priority"], ["owner", "status"], ["department", "status"], ["next_due"], ["opened_at"]):
        op.create_index(f"ix_case_record_{'_'.join(columns)}", "case_record", columns)

    op.create_table(
        "timeline",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("detail", document, nullable=False),
        sa.Column("recorded_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("number", "sequence", name="pk_timeline"),
        sa.ForeignKeyConstraint(["number"], ["registration.number"], name="fk_timeline_number_registration"),
    )
    op.create_index("ix_timeline_kind_at", "timeline", ["kind", "at"])

    op.create_table(
        "outbox",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("short", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String()),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("sent_at", instant),
        sa.Column("claimed_by", sa.String()),
        sa.Column("claimed_until", instant),
        sa.Column("reported_at", instant),
        sa.PrimaryKeyConstraint("key", name="pk_outbox"),
        sa.ForeignKeyConstraint(["number"], ["registration.number"], name="fk_outbox_number_registration"),
    )
    op.create_index("ix_outbox_number", "outbox", ["number"])
    op.create_index("ix_outbox_status_created_at", "outbox", ["status", "created_at"])

    op.create_table(
        "organisation",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", document, nullable=False),
        sa.Column("loaded_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_organisation"),
    )

    op.create_table(
        "installation",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", document),
        sa.PrimaryKeyConstraint("key", name="pk_installation"),
    )


def downgrade() -> None:
    """Back to nothing."""
    for table in ("installation", "organisation", "outbox", "timeline", "case_record", "settlement", "day_serial"):
        op.drop_table(table)
    op.drop_table("registration")

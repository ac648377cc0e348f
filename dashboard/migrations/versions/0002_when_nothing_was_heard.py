"""When the monitor was heard last, and the times of which nothing was heard"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("heard", schema=None) as batch_op:
        batch_op.add_column(sa.Column("at_ms", sa.BigInteger(), nullable=True))
    op.create_table(
        "unheard",
        sa.Column("until_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("until_ms"),
    )


def downgrade() -> None:
    op.drop_table("unheard")
    with op.batch_alter_table("heard", schema=None) as batch_op:
        batch_op.drop_column("at_ms")

"""What every table shares: identifiers, revisions, naming and the common base class."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import uuid_utils
from sqlalchemy import JSON, BigInteger, Integer, MetaData, String, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

Id = Annotated[str, mapped_column(String(36))]
"""A UUIDv7 as text: sorts by the time it was made."""

Millis = Annotated[int, mapped_column(BigInteger)]
"""An instant, UTC milliseconds."""

Word = Annotated[str, mapped_column(String(64))]
"""A short value from a closed list, or a stable code."""

Sha256 = Annotated[str, mapped_column(String(64))]
"""A SHA-256 digest, lower-case hexadecimal."""

Json = Annotated[Any, mapped_column(JSON().with_variant(postgresql.JSONB(), "postgresql"))]
"""Any JSON value."""


class Base(DeclarativeBase):
    """The base of every table of the hub."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {str: Text(), int: BigInteger()}


class Revisioned:
    """A row that several people may change: a write against an old revision fails and loses nothing."""

    revision: Mapped[int] = mapped_column(Integer, nullable=False)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        """Let SQLAlchemy compare and count the revision with each UPDATE."""
        return {"version_id_col": cls.revision}


def new_id() -> str:
    """Return a new UUIDv7 as text."""
    return str(uuid_utils.uuid7())

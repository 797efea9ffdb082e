"""A part of a configuration file."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Frozen, and an unknown setting is a fault that names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

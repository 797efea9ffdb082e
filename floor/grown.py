"""Rows and events with fields that came after 0.1.0, which refuses fields it does not know.

Pure: values in, values out.
"""

from typing import Any, ClassVar

from pydantic import BaseModel, SerializerFunctionWrapHandler, model_serializer


class Grown(BaseModel):
    """Where a later field says nothing it is not written, so that 0.1.0 goes on taking what does not use it."""

    later: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _without_unused(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in whole(self).items() if value or name not in self.later}

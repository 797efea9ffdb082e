"""The event of a photo that was put on a card.

Pure: values in, values out. `floor/events.py` has the others, and the list of all.
"""

from typing import Annotated, Literal

from pydantic import Field

from floor.event_base import Event, FileHash
from floor.limits import PHOTO_BYTES_MAX


class PhotoKept(Event):
    """A photo was put on the card: of a call, of an operation, or of both. The file goes to the office by itself.

    Its name is its `sha256`; the record may be at the office long before the file is.
    """

    type_name = "photo.kept"
    sha256: FileHash
    bytes: Annotated[int, Field(ge=1, le=PHOTO_BYTES_MAX)]
    media_type: Literal["image/jpeg", "image/png", "image/webp"]
    person: Annotated[str, Field(max_length=64)] = ""
    operation: Annotated[str, Field(max_length=64)] = ""
    call: Annotated[str, Field(pattern=r"^([0-9a-f]{32}/[1-9][0-9]*)?$", description="epoch/seq of the call")] = ""

"""The office pages' texts about photos and instructions; `central/texts.py` takes them in.

Pure: values only.
"""

from typing import Final

FILES: Final = {
    "photo.open": ("打开照片", "Open the photo"),
    "photo.coming": ("照片未到", "Photo not here yet"),
    "photo.coming_why": (
        "记录已到，照片还在网关上，会自动传来。",
        "The record is here; the photo is still at the gateway and comes by itself.",
    ),
    "photo.head": ("照片", "Photos"),
    "field.sha256": ("文件哈希", "file hash"),
    "field.bytes": ("字节", "bytes"),
    "field.media_type": ("文件类型", "kind of file"),
    "alarm.files_full": ("照片存储已满", "No room for more photos"),
}

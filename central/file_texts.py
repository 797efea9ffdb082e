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
    "instructions.title": ("名称", "Title"),
    "instructions.revision": ("版次", "Revision"),
    "instructions.for": ("适用于", "For"),
    "instructions.operation": ("工序", "operation"),
    "instructions.item": ("物料", "item"),
    "instructions.file": ("文件", "File"),
    "instructions.size": ("{n} kB", "{n} kB"),
    "instructions.absent": ("文件不在", "File is not here"),
    "instructions.remove": ("删除", "Remove"),
    "instructions.none": ("还没有作业指导书。", "There are no work instructions yet."),
    "instructions.add": ("上传或更换", "Add or replace"),
    "instructions.why": (
        "PDF、PNG、JPEG 或 WebP，最多 {n} MB。编号已有的会被新版替换。填工序或物料之一；工序优先。",
        "PDF, PNG, JPEG or WebP, {n} MB at most. An id that is there gets the new revision. Name an operation or an "
        "item; the operation goes first.",
    ),
    "instructions.id": ("编号", "Id"),
    "instructions.for_operation": ("工序编号", "Operation's id"),
    "instructions.for_item": ("或物料", "or item"),
    "instructions.send": ("上传并发布", "Upload and publish"),
    "instructions.applied": ("已发布为主数据版本 {n}。", "Published with version {n} of the master data."),
    "instructions.refused": ("没有发布：", "Not published:"),
    "instructions.no_file": ("请选择一个文件。", "Choose a file."),
    "instructions.bad_type": (
        "这不是 PDF、PNG、JPEG 或 WebP 文件。",
        "That is no PDF, PNG, JPEG or WebP file, whatever its name says.",
    ),
    "instructions.too_large": ("文件太大。", "The file is too large."),
    "instructions.full": ("服务器的文件空间已满。", "The server's room for files is used up."),
    "instructions.stale": (
        "主数据刚被别人更新，请再上传一次。",
        "Somebody published another version in the meantime; upload it again.",
    ),
    "instructions.no_master": ("还没有主数据，请先导入。", "There is no master data yet; import it first."),
}

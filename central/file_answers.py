"""A stored file as an answer that no browser takes for anything but a picture or a document."""

from flask import Response, send_file

from central.files import StoredFile

HEADERS = {
    # Whatever hides in the file: no script, no form, no frame, no other host, and a place of its own.
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # A file never changes: its address is its hash. Only the browser of who is signed in keeps it.
    "Cache-Control": "private, max-age=31536000, immutable",
}


def file_answer(found: StoredFile, sha256: str) -> Response:
    """The bytes, or the range that the request asks for, under the kind that the bytes themselves say."""
    response = send_file(
        found.path,
        mimetype=found.media_type or "application/octet-stream",
        conditional=True,
        etag=sha256,
        max_age=None,
    )
    is_picture = found.media_type.startswith("image/")
    name = f"{sha256[:12]}.{found.media_type.rpartition('/')[2] or 'bin'}"
    response.headers["Content-Disposition"] = f"{'inline' if is_picture else 'attachment'}; filename={name}"
    response.headers.update(HEADERS)
    return response

"""The shell: every file that the phone page needs without the server, under one version, which is the hash of them all.

A page names its files by that version, so files of two releases never meet on one page; and a browser keeps what it has
for good, because another content has another address.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

VERSION_CHARACTERS: Final = 16

_HERE: Final = Path(__file__).parent
_STATIC: Final = _HERE.parent / "static"
_TEMPLATES: Final = _HERE.parent / "templates"

FILES: Final = {
    **{name: _HERE / "files" / name for name in ("phone.js", "view.js", "queue.js", "scan.js", "decode.js")},
    **{name: _HERE / "files" / name for name in ("picture.js", "push.js")},
    **{f"icon-{size}.png": _HERE / "files" / f"icon-{size}.png" for size in ("180", "192", "512", "maskable-512")},
    "zxing/reader.js": _HERE / "files/zxing/reader.js",
    "zxing/zxing_reader.wasm": _HERE / "files/zxing/zxing_reader.wasm",
    "lineside.css": _STATIC / "lineside.css",
    "clock.js": _STATIC / "clock.js",
    "icon.svg": _STATIC / "icon.svg",
}
"""Where each file of the shell is, by its name under `/phone/files/VERSION/`."""

PAGES: Final = ("phone.html", "phone_frame.html", "phone_parts.html", "phone_offline.html")
"""Templates whose change makes another version: the pages made of them are kept on the phone as well."""

MEDIA_TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}


@dataclass(frozen=True, slots=True)
class Shell:
    """The files by name, the worker's text, and the version of it all."""

    version: str
    contents: dict[str, bytes]
    worker: str


def shell(words: str = "") -> Shell:
    """The shell of this release. `words`: the texts on its pages, which belong to its content."""
    contents = {name: path.read_bytes() for name, path in FILES.items()}
    worker = (_HERE / "files/sw.js").read_text("utf-8")
    parts = [*(contents[name] for name in sorted(contents)), worker.encode(), words.encode()]
    parts += [(_TEMPLATES / name).read_bytes() for name in PAGES]
    version = hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in parts)).hexdigest()
    return Shell(version[:VERSION_CHARACTERS], contents, worker)


def worker_text(found: Shell) -> str:
    """The service worker's script: a new version is another text, which is how a browser hears of it."""
    files = [f"/phone/files/{found.version}/{name}" for name in sorted(found.contents)]
    files += [f"/phone/{page}?language={language}" for page in ("shell", "offline") for language in ("zh", "en")]
    return f"const VERSION = {json.dumps(found.version)};\nconst FILES = {json.dumps(files, indent=1)};\n{found.worker}"


def media_type(name: str) -> str:
    """The kind of a file of the shell."""
    return MEDIA_TYPES[Path(name).suffix]

"""Printers of paper that a test can look at: interpreters of the ZPL II and ESC/POS commands that we use.

Symbols are made by zxing-cpp's own writer, not by the encoders under test, and drawn where the commands say. A command
that is not known here, or a byte outside one, is an AssertionError: nothing is passed over.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import zxingcpp
from PIL import Image

INK, PAPER = 0, 255


@dataclass
class Printed:
    """A label or a receipt: its picture, and its words with the left and top edge of each."""

    image: Image.Image
    words: list[tuple[str, int, int]] = field(default_factory=list)
    boxes: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    """Of the symbols, without their quiet zones: left, top, right, bottom, and the dots of a module."""

    def draw(self, picture: Image.Image, left: int, top: int, module: int) -> None:
        """Puts a symbol down; what leaves the paper is an error, as it would be cut off."""
        right, bottom = left + picture.width, top + picture.height
        assert left >= 0 and top >= 0 and right <= self.image.width and bottom <= self.image.height
        self.image.paste(picture, (left, top))
        self.boxes.append((left, top, right, bottom, module))


def symbol(text: str, kind: zxingcpp.BarcodeFormat, module: int, height: int = 0, **options: object) -> Image.Image:
    """A symbol without its quiet zone, `module` dots each; bars are `height` dots high."""
    assert module >= 1
    made = zxingcpp.create_barcode(text, kind, **options)
    shot = memoryview(made.to_image(scale=module, add_quiet_zones=False, add_hrt=False))
    picture = Image.frombytes("L", (shot.shape[1], shot.shape[0]), shot.tobytes())
    return picture.resize((picture.width, height)) if height else picture


# ZPL II


class Zebra:
    """One print head and what was sent to it."""

    def __init__(self) -> None:
        self.labels: list[Printed] = []
        self.at = (0, 0)
        self.hex_mark = ""
        self.build: Callable[[str], Image.Image] | None = None
        self.module = 2
        self.size = (0, 0)
        self.fonts: set[str] = set()
        self.unicode = False
        self.inside = False
        self.image_made = False

    def print(self, sent: bytes) -> list[Printed]:
        """Everything that was sent. A caret or tilde begins a command wherever it stands, as in the printer."""
        text = sent.decode()
        position = 0
        while position < len(text):
            if text[position] == "\n":
                position += 1
                continue
            found = re.compile(r"\^(A@|A0|[A-Z][A-Z])([^\^~]*)").match(text, position)
            assert found, f"not a command: {text[position : position + 20]!r}"
            command, rest = found[1], found[2]
            if command != "FD":
                rest = rest.strip("\n")
            getattr(self, "on_" + command.lower().replace("@", "_file"))(rest)
            position = found.end()
        assert not self.inside, "a label was begun and not ended"
        return self.labels

    def on_xa(self, rest: str) -> None:
        assert not self.inside and not rest
        self.inside, self.image_made, self.unicode = True, False, False

    def on_xz(self, rest: str) -> None:
        assert self.inside and not rest
        self.inside = False

    def on_ci(self, rest: str) -> None:
        self.unicode = rest == "28"

    def on_pw(self, rest: str) -> None:
        self.size = (int(rest), 0)

    def on_ll(self, rest: str) -> None:
        self.size = (self.size[0], int(rest))
        self.labels.append(Printed(Image.new("L", self.size, PAPER)))

    def on_lh(self, rest: str) -> None:
        assert rest == "0,0"

    def on_fo(self, rest: str) -> None:
        across, down = rest.split(",")
        self.at, self.build, self.hex_mark = (int(across), int(down)), None, ""

    def on_a0(self, rest: str) -> None:
        assert re.fullmatch(r"N,[0-9]+,[0-9]+", rest)

    def on_a_file(self, rest: str) -> None:
        found = re.fullmatch(r"N,[0-9]+,[0-9]+,([A-Z]:[A-Z0-9_]+\.[A-Z]{3})", rest)
        assert found
        self.fonts.add(found[1])

    def on_fh(self, rest: str) -> None:
        self.hex_mark = rest or "_"

    def on_by(self, rest: str) -> None:
        self.module = int(rest)
        assert 1 <= self.module <= 10

    def on_bq(self, rest: str) -> None:
        found = re.fullmatch(r"N,2,([0-9]+)", rest)
        assert found and 1 <= int(found[1]) <= 10
        self.module = int(found[1])

        def build(told: str) -> Image.Image:
            level, mode, comma = told[:3]
            assert level in "HQML" and mode == "A" and comma == ","
            return symbol(told[3:], zxingcpp.BarcodeFormat.QRCode, int(found[1]), ec_level=level)

        self.build = build

    def on_bx(self, rest: str) -> None:
        found = re.fullmatch(r"N,([0-9]+),200,,,,([!-\]_-}])", rest)
        assert found
        self.module = int(found[1])

        def build(told: str) -> Image.Image:
            assert found[2] not in told, "that would be an escape sequence"
            return symbol(told, zxingcpp.BarcodeFormat.DataMatrix, int(found[1]), force_square=True)

        self.build = build

    def on_bc(self, rest: str) -> None:
        found = re.fullmatch(r"N,([0-9]+),N,N,N,N", rest)
        assert found

        def build(told: str) -> Image.Image:
            text = re.sub(">(.)", lambda each: {"0": ">", "<": "^", "=": "~"}[each[1]], told)
            return symbol(text, zxingcpp.BarcodeFormat.Code128, self.module, int(found[1]))

        self.build = build

    def on_fd(self, rest: str) -> None:
        assert self.inside and self.unicode and self.hex_mark == "_"
        raw = re.sub(rb"_([0-9A-F]{2})", lambda each: bytes([int(each[1], 16)]), rest.encode())
        text = raw.decode()
        if self.build is None:
            self.labels[-1].words.append((text, *self.at))
        else:
            self.labels[-1].draw(self.build(text), *self.at, self.module)

    def on_fs(self, rest: str) -> None:
        assert not rest
        self.build, self.hex_mark = None, ""


# ESC/POS

LINE_DOTS = 30


class Receipts:
    """A printer with a roll so many dots wide; each cut ends a receipt."""

    def __init__(self, dots: int) -> None:
        self.dots = dots
        self.receipts: list[Printed] = []
        self.words: list[str] = []
        self.pictures: list[Image.Image] = []
        self.chinese = False
        self.centred = False
        self.large = False
        self.module = 3
        self.height = 162
        self.told = b""
        self.level = b""

    def print(self, sent: bytes) -> list[Printed]:
        """Everything that was sent."""
        rest = sent
        while rest:
            rest = self._command(rest)
        assert not self.pictures and not self.words, "the last receipt was not cut"
        return self.receipts

    def _command(self, rest: bytes) -> bytes:
        fixed: tuple[tuple[bytes, Callable[[], None]], ...] = (
            (b"\x1b@", self._initialise),
            (b"\x1ba\x01", lambda: setattr(self, "centred", True)),
            (b"\x1c&", lambda: setattr(self, "chinese", True)),
            (b"\x1c.", lambda: setattr(self, "chinese", False)),
            (b"\x1d!\x11", lambda: setattr(self, "large", True)),
            (b"\x1d!\x00", lambda: setattr(self, "large", False)),
            (b"\x1dH\x00", lambda: None),
            (b"\x1dV\x42\x00", self._cut),
            (b"\n", lambda: None),
        )
        for start, act in fixed:
            if rest.startswith(start):
                act()
                return rest[len(start) :]
        for start, take in ((b"\x1d(k", self._two_d), (b"\x1dkI", self._bars), (b"\x1dv0\x00", self._raster)):
            if rest.startswith(start):
                return take(rest[len(start) :])
        if rest.startswith((b"\x1dh", b"\x1dw")):
            setattr(self, "height" if rest[1:2] == b"h" else "module", rest[2])
            return rest[3:]
        return self._text(rest)

    def _initialise(self) -> None:
        self.chinese = self.centred = self.large = False

    def _text(self, rest: bytes) -> bytes:
        line, _, after = rest.partition(b"\x1c.\n")
        assert self.chinese and line and min(line) >= 0x20, rest[:20]
        text = line.decode("gb18030")
        columns = sum(2 if ord(each) > 0x7F else 1 for each in text) * (24 if self.large else 12)
        assert columns <= self.dots, f"{text!r} is wider than the paper"
        self.words.append(text)
        self.chinese = False
        return after

    def _two_d(self, rest: bytes) -> bytes:
        size = int.from_bytes(rest[:2], "little")
        function, parameters, after = rest[2:4], rest[4 : size + 2], rest[size + 2 :]
        assert len(rest) >= size + 2
        if function == b"1A":
            assert parameters == b"2\x00"
        elif function == b"1C":
            assert 1 <= parameters[0] <= 16
            self.module = parameters[0]
        elif function == b"1E":
            self.level = {b"0": b"L", b"1": b"M", b"2": b"Q", b"3": b"H"}[parameters]
        elif function == b"1P":
            assert parameters[:1] == b"0"
            self.told = parameters[1:]
        else:
            assert (function, parameters) == (b"1Q", b"0") and self.told
            made = symbol(self.told.decode(), zxingcpp.BarcodeFormat.QRCode, self.module, ec_level=self.level.decode())
            self._add(made, 4 * self.module)
            self.told = b""
        return after

    def _bars(self, rest: bytes) -> bytes:
        told, after = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
        assert told.startswith(b"{B") and 2 <= self.module <= 6
        text = told[2:].replace(b"{{", b"\x00")
        assert b"{" not in text, "that would be another code set"
        made = symbol(text.replace(b"\x00", b"{").decode(), zxingcpp.BarcodeFormat.Code128, self.module, self.height)
        self._add(made, 10 * self.module)
        return after

    def _raster(self, rest: bytes) -> bytes:
        wide, high = int.from_bytes(rest[:2], "little"), int.from_bytes(rest[2:4], "little")
        raw, after = rest[4 : 4 + wide * high], rest[4 + wide * high :]
        assert len(raw) == wide * high
        inverted = bytes(each ^ 0xFF for each in raw)
        self._add(Image.frombytes("1", (wide * 8, high), inverted).convert("L"), 0)
        return after

    def _add(self, picture: Image.Image, quiet: int) -> None:
        assert self.centred and picture.width + 2 * quiet <= self.dots, "wider than the paper"
        self.pictures.append(picture)

    def _cut(self) -> None:
        gap = 40
        image = Image.new("L", (self.dots, sum(each.height + 2 * gap for each in self.pictures)), PAPER)
        receipt = Printed(image)
        top = gap
        for picture in self.pictures:
            receipt.draw(picture, (self.dots - picture.width) // 2, top, self.module)
            top += picture.height + 2 * gap
        receipt.words = [(text, 0, 0) for text in self.words]
        self.receipts.append(receipt)
        self.pictures, self.words = [], []

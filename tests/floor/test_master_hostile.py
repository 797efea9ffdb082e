"""Hostile and damaged files of master data: refused in words, or read to data that every store and export can hold."""

import io
import random
import zipfile
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from floor.errors import MasterFileRefused
from floor.example import example_plant
from floor.master import MasterData
from floor.master_files import read_path_texts, read_toml, read_xlsx, write_toml
from floor.master_sheets import write_xlsx

ORDER = '[[work_orders]]\nid = "W"\nquantity = 1\n'
OPERATION = ORDER + '[[operations]]\nid = "O"\nwork_order = "W"\nplanned = 1\nticket = "T-O"\n'
DAMAGES = 400
"""Damaged workbooks in the default tier; some dozens met the first fault of each kind."""
INSERTED = (b"<", b">", b'"', b"x", b"-1", b"9" * 400, b"&#0;", b"inf", b' t="d"', b"1e999", b' s="99"')


def refused(read: Callable[[], object]) -> MasterFileRefused:
    with pytest.raises(MasterFileRefused) as found:
        read()
    return found.value


def storable(master: MasterData) -> None:
    """What was read can be published, put on a card, and exported."""
    assert MasterData.model_validate_json(master.model_dump_json()) == master
    assert read_toml(write_toml(master)) == master
    write_xlsx(master)


@pytest.mark.parametrize(
    "text",
    [
        "version = " + "9" * 5_000,
        "version = 0x" + "f" * 5_000,
        "version = 99999999999999999999",
        "[[people]]\nid = 0x" + "f" * 5_000,
        OPERATION + "number = 99999999999999999999",
        OPERATION + "number = -1",
    ],
)
def test_numbers_of_any_length_are_refused_in_words(text: str) -> None:
    assert all(len(fault) < 200 for fault in refused(lambda: read_toml(text)).faults)


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e308"])
def test_a_time_that_json_cannot_carry_is_refused(value: str) -> None:
    """Published, it would come back as nothing, and neither the office nor a gateway could read the version again."""
    refused(lambda: read_toml(OPERATION + f"minimum_seconds = {value}"))


@pytest.mark.parametrize("character", ["\\u0000", "\\u0001", "\\u001b", "\\uffff"])
def test_characters_that_no_workbook_or_database_holds_are_refused(character: str) -> None:
    refused(lambda: read_toml(OPERATION + f'name = "a{character}b"'))
    refused(lambda: read_toml(ORDER + f'due = "a{character}b"'))


def test_a_text_without_a_column_of_its_own_size_is_bounded() -> None:
    refused(lambda: read_toml(ORDER + f'due = "{"x" * 600}"'))


def damaged(whole: bytes, seed: int, count: int) -> Iterator[bytes]:
    """The workbook with a few bytes changed: of the archive, or of one of its parts with the archive put right."""
    dice = random.Random(seed)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(count):
        if dice.random() < 0.3:
            raw = bytearray(whole)
            for _ in range(dice.randint(1, 6)):
                raw[dice.randrange(len(raw))] = dice.randrange(256)
            yield bytes(raw)
            continue
        victim = dice.choice(sorted(parts))
        yield packed({**parts, victim: scratched(dice, parts[victim])})


def scratched(dice: random.Random, part: bytes) -> bytes:
    raw = bytearray(part)
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(raw))
        match dice.randrange(3):
            case 0:
                raw[place] = dice.randrange(256)
            case 1:
                del raw[place : min(place + dice.randint(1, 40), len(raw) - 1)]
            case _:
                raw[place:place] = dice.choice(INSERTED)
    return bytes(raw)


def packed(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("count", [DAMAGES, pytest.param(40 * DAMAGES, marks=pytest.mark.nightly)])
def test_a_damaged_workbook_is_refused_in_words_or_still_good(count: int) -> None:
    outcomes = {"refused": 0, "read": 0}
    for raw in damaged(write_xlsx(example_plant()), count, count):
        try:
            storable(read_xlsx(raw))
            outcomes["read"] += 1
        except MasterFileRefused as refusal:
            assert refusal.faults
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 0, outcomes


FILES = st.sampled_from(["people.csv", "operations.csv", "work_orders.csv", "plant.toml", "plant.xlsx", "a/b.csv"])
PIECES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                *(OPERATION.encode(), b"id,name,badge\r\n", b"A,B,B-A\r\n", b"\xef\xbb\xbf", b'"', b'""', b"\x00"),
                *(
                    b"[[people]]\n",
                    b'id = "A"\n',
                    b"name = ",
                    b"badge = ",
                    b"[" * 3_000,
                    b"'''",
                    b"=1+1",
                    b"PK\x03\x04",
                ),
            ]
        ),
    ),
    max_size=8,
).map(b"".join)


@settings(deadline=None, max_examples=200)
@given(FILES, PIECES)
def test_any_bytes_are_refused_in_words_or_storable(name: str, raw: bytes) -> None:
    suffix = "." + name.rpartition(".")[2]
    try:
        storable(read_path_texts("" if suffix == ".csv" else suffix, {name: raw}))
    except MasterFileRefused as refusal:
        assert refusal.faults

"""Every bound of this folder by name (I10)."""

from typing import Final

# The longest label; the same figure as the readers' own bound (security checklist, row 7).
LABEL_BYTES_MAX: Final = 512
# The longest text that our own labels, tickets and badges have (`floor.master.LabelText`).
LABEL_TEXT_CHARACTERS_MAX: Final = 64
# What a screen shows of a strange label.
SHOWN_CHARACTERS_MAX: Final = 128
# Combining marks kept behind one letter; Vietnamese needs two, a hostile label has hundreds.
COMBINING_MARKS_MAX: Final = 2
# Digits of a machine's counter; another one is refused aloud.
COUNTER_DIGITS_MAX: Final = 9
# A note typed at a station; a longer one is refused with a text, before anything is kept of it.
NOTE_CHARACTERS_MAX: Final = 300
# Elements kept of one GS1 or ISO 15434 label; the densest in use has about a dozen.
ELEMENTS_MAX: Final = 32

# Patterns of labels that a plant already has; each strange label is held against all of them.
LABEL_PATTERNS_MAX: Final = 64
# Of one pattern; a label has no more characters to fit it.
PATTERN_CHARACTERS_MAX: Final = 256
# Of one pattern, those passed over included.
PATTERN_PARTS_MAX: Final = 8

# Master data files. 50,000 operations are about 10 MB as TOML; four times that is the end.
MASTER_FILE_BYTES_MAX: Final = 40 * 1024 * 1024
# All parts of an XLSX after unpacking, and how far one part may expand: sheets of text stay below 1:60.
SHEETS_UNPACKED_BYTES_MAX: Final = 400 * 1024 * 1024
# A part that expands more is refused.
SHEETS_RATIO_MAX: Final = 200
# A file with more parts is refused.
SHEETS_PARTS_MAX: Final = 1000
# Rows of one table; four times the 50,000 open operations of the largest plant.
ROWS_PER_TABLE_MAX: Final = 200_000
# Columns looked at in one row; the widest table has eleven.
COLUMNS_MAX: Final = 64
# One cell.
CELL_CHARACTERS_MAX: Final = 512
# The place of an operation in its order; the databases hold it as a whole number.
NUMBER_MAX: Final = 2**31 - 1
# The shortest time that an operation takes: 115 days. JSON has no word for infinity, so there has to be an end.
MINIMUM_SECONDS_MAX: Final = 10_000_000
# The owner of a call, as `floor.master.Title` and the events have it.
OWNER_CHARACTERS_MAX: Final = 120
# Owners that one may hand a call to, as screens list them; a plant has a dozen.
OWNERS_MAX: Final = 30
# What was done to end a call, as a past case tells it: three lines of a station's screen.
FIX_CHARACTERS_MAX: Final = 200
# Past cases that go to every station; the oldest goes when the office saves another one.
CASES_MAX: Final = 500
# Situations whose similar cases are remembered: the open calls of eight busy stations. More begin anew.
SITUATIONS_KEPT_MAX: Final = 64
# The past cases that a screen shows of an open call.
CASES_SHOWN_MAX: Final = 3
# Versions of master data; what JSON carries exactly.
VERSION_MAX: Final = 2**53
# Faults named at once; a person mends these and reads the file again.
FAULTS_NAMED_MAX: Final = 200
# The photo of a call or an operation: a telephone's picture is 2 to 6 MB.
PHOTO_BYTES_MAX: Final = 10 * 1024 * 1024
# The file of one work instruction: a scanned drawing of some pages is below 10 MB.
INSTRUCTION_BYTES_MAX: Final = 20 * 1024 * 1024

# A title that the office composes of names; as `floor.cells.Title`.
TEXT_JOINED_MAX: Final = 120

NOTICES_MAX: Final = 500
"""Of a plant, beyond which publishing a change lets the oldest go: nobody reads more, and each start looks at them."""

# The retained state of a gateway for its line; a usual one is below 4 kB. Lists are shortened until it fits, and say by
# how much. A longer one of somebody else is not read, which is counted.
STATE_BYTES_MAX: Final = 32 * 1024
# Stations in it: those of the largest gateway. One with more is not read.
STATE_STATIONS_MAX: Final = 8
# People, operations and calls of a station in it; `more` says how many others there are.
STATE_LINES_MAX: Final = 8
# Operations in it whose own count is told, those touched last: what the next operation of a line waits for.
STATE_COUNTS_MAX: Final = 64
# A name in it; longer ones are cut.
STATE_TEXT_CHARACTERS_MAX: Final = 64

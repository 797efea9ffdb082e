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
# Elements kept of one GS1 or ISO 15434 label; the densest in use has about a dozen.
ELEMENTS_MAX: Final = 32

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
# Columns looked at in one row; the widest table has eight.
COLUMNS_MAX: Final = 64
# One cell.
CELL_CHARACTERS_MAX: Final = 512
# The place of an operation in its order; the databases hold it as a whole number.
NUMBER_MAX: Final = 2**31 - 1
# The shortest time that an operation takes: 115 days. JSON has no word for infinity, so there has to be an end.
MINIMUM_SECONDS_MAX: Final = 10_000_000
# Versions of master data; what JSON carries exactly.
VERSION_MAX: Final = 2**53
# Faults named at once; a person mends these and reads the file again.
FAULTS_NAMED_MAX: Final = 200
# The photo of a call or an operation: a telephone's picture is 2 to 6 MB.
PHOTO_BYTES_MAX: Final = 10 * 1024 * 1024
# The file of one work instruction: a scanned drawing of some pages is below 10 MB.
INSTRUCTION_BYTES_MAX: Final = 20 * 1024 * 1024

NOTICES_MAX: Final = 500
"""Of a plant, beyond which publishing a change lets the oldest go: nobody reads more, and each start looks at them."""

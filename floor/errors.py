"""What can go wrong with the floor's words. The class docstring is the message when none is given."""


class FloorError(Exception):
    """The floor's words do not fit."""

    hint: str = ""

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        if hint:
            self.hint = hint


class LabelRefused(FloorError):
    """The label cannot be read. `reason` is a word of `floor/labels.py`: too_long, encoding, control."""

    hint = "Print the label again, or scan one of our badges, tickets or cards."

    def __init__(self, reason: str) -> None:
        super().__init__(f"the label is refused: {reason}")
        self.reason = reason


class LabelRulesRefused(FloorError):
    """The prefixes of our labels are empty, equal, or begin with one another."""

    hint = "Whoever maintains the station gives three different prefixes, such as B-, T- and C-."


class LabelTextRefused(FloorError):
    """The text cannot stand on a label: only 0-9 A-Z and - . $ / + % and space, at most 64 characters."""

    hint = "Choose an id of capital letters, digits and - . $ / + %."


class WorkRefused(FloorError):
    """The work is not in a state in which this can be done. Nothing was changed."""

    hint = "The screen shows what is running and what is paused."


class CallRefused(FloorError):
    """The call is not in a state in which this can be done. Nothing was changed."""

    hint = "The screen shows which calls are open."


class MasterFileRefused(FloorError):
    """The master data has faults. `faults` names each with its file or sheet, row and column."""

    hint = "Correct the named cells and read the file again; what was in use stays in use."

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


class SheetExtraMissing(FloorError):
    """Reading XLSX needs the extra 'xlsx'."""

    hint = "The maintainer installs lineside[xlsx], or the planner saves the sheets as CSV."

"""What can go wrong between a gateway and its sinks. The class docstring is the message; `hint` says who helps."""


class SyncError(Exception):
    """Moving records met a fault."""

    hint: str = ""

    def __init__(self, message: str = "", *, hint: str = "", status: int = 0) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])
        self.status = status
        """The status of HTTP that the other end answered with; 0: it gave none."""
        if hint:
            self.hint = hint


class SinkUnreachable(SyncError):
    """The other end cannot be reached; it is tried again."""

    hint = "Nothing to do: records wait on the card. If it stays so, check the network and the server."


class SinkRefused(SyncError):
    """The other end said no."""

    hint = "The maintainer reads the reason; records wait on the card."


class ReplyRefused(SinkRefused):
    """The other end answered something that is not of this protocol."""

    hint = "The maintainer checks the address: something else than the Lineside server may answer there."


class ServerUnproven(SinkRefused):
    """The server's certificate cannot be verified."""

    hint = "The maintainer checks the certificate authority's file and the server's certificate and name."

    def __init__(self, message: str = "", *, by_date: bool = False) -> None:
        super().__init__(message)
        self.by_date = by_date
        """The certificate is over or not yet good, by this machine's clock."""


class ServerKeyRefused(SinkRefused):
    """The server has another key than the one that is pinned."""

    hint = (
        "The maintainer compares the pin with `lineside central ca pin` at the server: either its key was changed, or"
        " something else answers at this address. Nothing was sent to it."
    )


class KeyUnusable(SyncError):
    """No key for a certificate can be made or kept here."""

    hint = "The maintainer looks whether the program openssl is installed and the gateway's folder can be written."


class SettingsRefused(SyncError):
    """The settings of a sink are not valid."""

    hint = "The maintainer corrects the settings; docs/configuration.md lists each of them."


class PortMisused(SyncError):
    """A part of this folder was used against its contract; this is a fault of the program."""

    hint = "Send the message to whoever maintains the software."

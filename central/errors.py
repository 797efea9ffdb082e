"""What can go wrong at the server, by who has to act."""


class CentralError(Exception):
    """The server met a fault."""

    hint = "Run `lineside central check-config` at the server and tell who maintains it what it says."

    def __init__(self, message: str = "", hint: str = "") -> None:
        super().__init__(message or (self.__class__.__doc__ or "").strip().splitlines()[0])
        if hint:
            self.hint = hint


class ConfigRefused(CentralError):
    """The configuration cannot be used; every fault of it is listed."""

    hint = "Mend the file or the options; docs/central.md lists each setting."


class DatabaseUnreachable(CentralError):
    """The database does not answer."""

    hint = "Look whether PostgreSQL runs and whether the disk has room; gateways keep their records until it is back."


class DatabaseCorrupt(CentralError):
    """The database does not keep what it says it keeps."""

    hint = "Stop the server, keep a copy of its folder, and restore the newest backup: `lineside central restore`."


class RequestRefused(CentralError):
    """The request cannot be used."""

    status = 400
    hint = "Compare the request with /api/v1/openapi.json."


class CredentialRefused(RequestRefused):
    """The credential is unknown, revoked or missing."""

    status = 401
    hint = "Enrol the gateway again: `lineside central enrol NAME` at the server."


class RightRefused(RequestRefused):
    """This credential may not do that."""

    status = 403
    hint = "A gateway speaks only for itself; pages need a role that an administrator gives."


class BodyTooLarge(RequestRefused):
    """The body is larger than this server takes."""

    status = 413
    hint = "Send fewer records in one batch."


class FileRefused(RequestRefused):
    """The file cannot be kept."""

    status = 415
    hint = "Only whole JPEG, PNG, WebP and PDF files of the hash that names them are kept; take the picture again."


class FileAbsent(RequestRefused):
    """There is no such file here."""

    status = 404
    hint = "It may still be on its way; the record that names it says which gateway has it."


class RangeRefused(RequestRefused):
    """The file ends before what is asked for."""

    status = 416
    hint = "Ask from the beginning; a file that grew on your side is another one."


class FilesFull(RequestRefused):
    """There is no room for another file."""

    status = 507
    hint = "Raise `files_bytes_max` or make room at the server; gateways keep their photos and send them again."


class TooManyAttempts(RequestRefused):
    """Too many attempts; wait and try again."""

    status = 429
    hint = "Wait a minute. If it was not you, tell the administrator."


class CodeRefused(RequestRefused):
    """The one-time code is wrong, used, or over."""

    status = 403
    hint = "Have a new code made: it works for 10 minutes, once, and for one name."


class SignInRefused(RequestRefused):
    """The name or the password is wrong."""

    status = 403
    hint = "Try again, or ask an administrator for a one-time code."


class NameRefused(RequestRefused):
    """The name cannot be used."""

    status = 400
    hint = "Letters, digits, dot, underscore and hyphen; at most 48 characters; not taken by something else."


class CaseRefused(RequestRefused):
    """The call cannot become a past case."""

    status = 400
    hint = "Only a resolved call does, with a fix of a few lines, in a plant that has master data."


class MasterDataRefused(RequestRefused):
    """The master data cannot be used; every fault of it is listed."""

    status = 422
    hint = "Mend the rows named and import the file again; nothing was published."


class MasterDataStale(RequestRefused):
    """Somebody published another version in the meantime."""

    status = 409
    hint = "Look at the current version and import again."


class DraftRefused(RequestRefused):
    """The draft of master data cannot be kept."""

    status = 409
    hint = "Release or discard drafts, or import a change of this size as a whole file."


class KitShort(RequestRefused):
    """Orders of this release lack material."""

    status = 409
    hint = "Look at the kit check, hold those orders, or confirm that they are released short."


class BackupFailed(CentralError):
    """The backup was not made or not confirmed; gateways keep their records."""

    hint = "Look at the free space and the rights of the backup folder."


class BackupCorrupt(CentralError):
    """The backup is not what its manifest says."""

    hint = "Use another backup; keep this one for who examines it."


class RestoreRefused(CentralError):
    """The backup cannot be restored now."""

    hint = "Stop every process of this server first, and give a copy that has its manifest beside it."


class BrokerUnreachable(CentralError):
    """The MQTT broker could not be started or kept running."""

    hint = "Install Debian's mosquitto and look whether its port is free; records reach the server without it."


class SymbolRefused(CentralError):
    """The text does not fit into a symbol of this kind on this paper."""

    hint = "Print it as a QR code, or on a larger paper; Code 128 holds ASCII only and grows with each character."

    def __init__(self, reason: str, text: str, symbology: str) -> None:
        """`reason`: empty, characters (the symbology has none of these), length (too many), paper (too wide)."""
        super().__init__(f"{symbology} cannot hold {text!r}: {reason}")
        self.reason = reason
        self.text = text
        self.symbology = symbology

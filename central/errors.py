"""What can go wrong at the server, by who has to act."""

from collections.abc import Collection


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


class ChannelUnknown(CentralError):
    """The configuration has no channel of this name."""

    hint = "Name one that stands as [channels.NAME] in the file given with --config; docs/channels.md shows each kind."


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


class CardReplaced(CredentialRefused):
    """This card's credential was made void at the office."""

    hint = (
        "Switch this card off and bring it to the maintainer: `lineside central import-card` takes in what it has not"
        " sent, and nothing of it counts twice."
    )


class RightRefused(RequestRefused):
    """This credential may not do that."""

    status = 403
    hint = "A gateway speaks only for itself; pages need a role that an administrator gives."

    def __init__(self, message: str = "", action: str = "", places: Collection[str] = ()) -> None:
        super().__init__(message)
        self.action, self.places = action, tuple(sorted(places))


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


class ProviderUnreachable(CentralError):
    """The identity provider does not answer, or not as one does."""

    hint = "Sign in with the password; look whether the provider runs and whether `[oidc]` names it rightly."


class IdentityRefused(SignInRefused):
    """What the identity provider says opens nothing here."""

    hint = "Sign in with the password, or ask an administrator for an account of the name that the provider says."

    def __init__(self, message: str = "", reason: str = "refused") -> None:
        """`reason`: refused (the provider or its token), unknown (no account), disabled, no_role."""
        super().__init__(message)
        self.reason = reason


class PinRefused(RequestRefused):
    """The PIN cannot be used."""

    status = 400
    hint = "Four to eight digits, not all the same and no run; the account needs a person who has a badge."


class TokenRefused(RequestRefused):
    """The token cannot be made."""

    status = 400
    hint = "Choose at least one scope and an end within a year; revoked tokens go after 90 days."


class NameRefused(RequestRefused):
    """The name cannot be used."""

    status = 400
    hint = "Letters, digits, dot, underscore and hyphen; at most 48 characters; not taken by something else."


class NameTaken(RequestRefused):
    """Another one has this name."""

    status = 409
    hint = "Have the office give this gateway another name; the code works as soon as the name is free."


class CertificateRequestRefused(RequestRefused):
    """The request for a certificate cannot be used."""

    status = 400
    hint = "A PKCS#10 request over a new P-256 key, signed with it, as PEM."


class CaseRefused(RequestRefused):
    """The call cannot become a past case."""

    status = 400
    hint = "Only a resolved call does, with a fix of a few lines, in a plant that has master data."


class TaskRefused(RequestRefused):
    """The task cannot be made or taken there."""

    status = 409
    hint = "Look at the task: it names its state, its owner and what may follow."


class ProblemRefused(RequestRefused):
    """The problem cannot be made or taken there."""

    status = 409
    hint = "Look at the problem: it names its state and what is still missing."


class ChangedMeanwhile(RequestRefused):
    """Somebody else changed this after you opened it."""

    status = 409
    hint = "Look at what they did, then do yours again; nothing of yours was stored."


class CommentRefused(RequestRefused):
    """The comment or its files cannot be kept."""

    status = 400
    hint = "A comment has a text of bounded length and a few JPEG, PNG, WebP or PDF files of bounded size."


class RuleRefused(RequestRefused):
    """The rule cannot be used."""

    status = 400
    hint = "A rule names an event, a title and who gets its tasks; every person of it stands in the master data."


class MasterDataRefused(RequestRefused):
    """The master data cannot be used; every fault of it is listed."""

    status = 422
    hint = "Mend the rows named and import the file again; nothing was published."


class MasterDataStale(RequestRefused):
    """Somebody published another version in the meantime."""

    status = 409
    hint = "Look at the current version and import again."


class AuditCorrupt(CentralError):
    """The audit log is not as it was written."""

    hint = "Keep a copy of the database for who examines it, and compare with the backups since the act that is named."


class NotifyRefused(RequestRefused):
    """The rule or the contact cannot be used."""

    status = 400
    hint = "Mend what is named; docs/notifications.md lists what each field takes."


class DraftRefused(RequestRefused):
    """The draft of master data cannot be kept."""

    status = 409
    hint = "Release or discard drafts, or import a change of this size as a whole file."


class KitShort(RequestRefused):
    """Orders of this release lack material."""

    status = 409
    hint = "Look at the kit check, hold those orders, or confirm that they are released short."


class AuthorityUnusable(CentralError):
    """The plant's authority for gateways' certificates cannot be used."""

    hint = (
        "Look at the folder `ca` of the server: its file belongs to the server's user, mode 0600. Restore it from your"
        " copy, or move it away: another one is made, and gateways fetch new certificates with their tokens. Reload the"
        " proxy then (systemctl reload nginx): it knows the former one only."
    )


class PinUnreadable(CentralError):
    """The file holds no certificate whose key could be pinned."""

    hint = "Name the PEM file that the proxy shows: ssl_certificate in nginx's configuration."


class CardUnreadable(CentralError):
    """The card's journal cannot be read."""

    hint = "Name the folder that the gateway used (/var/lib/lineside of its card), or the file journal.sqlite in it."


class CardOfAnotherServer(CentralError):
    """The card was at another server last, and this one knows none of its epochs."""

    hint = (
        "Import it at the plant that it belongs to: records cannot be taken out of a log again. If it is of this plant,"
        " whose database was begun anew since, the maintainer repeats the command with --other-server."
    )


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


class ReleaseRefused(RequestRefused):
    """The release cannot be listed, or not be removed."""

    hint = "Name a bundle of another version; `lineside fleet releases` shows what is listed."


class RolloutRefused(RequestRefused):
    """The roll-out cannot do that now."""

    hint = "Look at the roll-out's state: one is under way at a time, and what is over stays over."


class SettingsRefused(RequestRefused):
    """The settings cannot be published."""

    hint = "Mend what is named, as in gateway.toml; docs/configuration.md lists each setting."


class DiagnosisAbsent(RequestRefused):
    """There is no such diagnosis bundle."""

    status = 404
    hint = "Ask for one on the gateway's page of the fleet; it comes when the gateway's agent asks the office next."

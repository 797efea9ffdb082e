"""Mail by SMTP. `accepted` is the word of the first server, not of the mailbox."""

import contextlib
import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import formatdate
from typing import Any

from central.channels.guard import AddressRefused, Guard, Trip
from central.channels.port import BAD_ADDRESS, BAD_TLS, NO_ANSWER, NO_CONNECTION, Address, Message, Outcome
from central.channels.robot import Clock
from central.channels.settings import MAIL_ADDRESS, EmailSettings
from central.channels.words import digest, lines_of, link_of, one_line, title_of, told

LATER_SECONDS = {"421": 60.0, "450": 300.0, "451": 300.0, "452": 300.0}
"""A greylisting server means five minutes at least; others that are not now are asked after this, too."""
LATER_OTHERS_SECONDS = 300.0
MAIL_ADDRESS_CHARACTERS_MAX = 254


class _Smtp(smtplib.SMTP):
    """Connects where the guard lets it."""

    def __init__(self, trip: Trip, *, encrypted: bool, **given: Any) -> None:
        self._trip = trip
        self._encrypted = encrypted
        super().__init__(**given)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._trip.open(host, port, encrypted=self._encrypted)


class _SmtpTls(_Smtp):
    """TLS from the first byte."""

    def __init__(self, trip: Trip, context: ssl.SSLContext, **given: Any) -> None:
        self._context = context
        super().__init__(trip, encrypted=True, **given)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._context.wrap_socket(super()._get_socket(host, port, timeout), server_hostname=host)


class Email:
    """A mail server. Some drop a second mail with the same Message-ID; most show it."""

    kind = "email"
    repeats_safely = False

    def __init__(self, settings: EmailSettings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._password = settings.password.get_secret_value()
        self._secrets = (self._password,) if self._password else ()
        self._guard = Guard(settings.private)
        self._clock = clock or Clock()

    def send(self, message: Message, address: Address) -> Outcome:
        """Send one mail to one address."""
        if len(address.to) > MAIL_ADDRESS_CHARACTERS_MAX or not MAIL_ADDRESS.fullmatch(address.to):
            return Outcome("refused", BAD_ADDRESS, "this is not one plain mail address")
        mail = self._mail(message, address.to)
        trip = Trip(self._guard, self._settings.answer_seconds_max)
        try:
            server = self._server(trip)
        except AddressRefused as refused:
            return Outcome("refused", BAD_ADDRESS, told(str(refused)))
        except smtplib.SMTPResponseException as fault:
            return self._said(fault.smtp_code, fault.smtp_error)
        except (OSError, smtplib.SMTPException) as fault:
            return _no_connection(fault)
        else:
            with contextlib.closing(server):
                return self._handed_over(server, mail, address.to)
        finally:
            trip.close()

    def _server(self, trip: Trip) -> smtplib.SMTP:
        it = self._settings
        given: dict[str, Any] = {
            "host": it.host,
            "port": it.port,
            "local_hostname": it.sender.rpartition("@")[2],
            "timeout": it.answer_seconds_max,
        }
        if it.security == "tls":
            return _SmtpTls(trip, self._context(), **given)
        return _Smtp(trip, encrypted=it.security != "none", **given)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._settings.ca_file) if self._settings.ca_file else None)

    def _handed_over(self, server: smtplib.SMTP, mail: EmailMessage, to: str) -> Outcome:
        try:
            refused = self._greet(server)
            if refused is not None:
                return refused
            code, words = server.mail(self._settings.sender)
            if code == 250:
                code, words = server.rcpt(to)
            if code not in (250, 251):
                return self._said(code, words)
        except smtplib.SMTPResponseException as fault:
            return self._said(fault.smtp_code, fault.smtp_error)
        except (OSError, smtplib.SMTPException) as fault:
            return _no_connection(fault)
        return self._sent(server, mail)

    def _sent(self, server: smtplib.SMTP, mail: EmailMessage) -> Outcome:
        try:
            code, words = server.data(mail.as_bytes())
        except smtplib.SMTPResponseException as fault:
            return self._said(fault.smtp_code, fault.smtp_error)
        except (OSError, smtplib.SMTPException):
            return Outcome("unknown", NO_ANSWER, "it was sent, and no answer came")
        if code != 250:
            return self._said(code, words)
        return Outcome("accepted", "250", self._told(words), provider_id=mail["Message-ID"])

    def _greet(self, server: smtplib.SMTP) -> Outcome | None:
        """TLS and sign-in, as far as configured; what the server lacks for them, else None."""
        server.ehlo_or_helo_if_needed()
        if self._settings.security == "starttls":
            if not server.has_extn("starttls"):
                return Outcome("refused", BAD_TLS, "the server offers no STARTTLS")
            server.starttls(context=self._context())
            server.ehlo()
        if self._settings.user:
            if not server.has_extn("auth"):
                return Outcome("refused", "auth", "the server takes no sign-in")
            server.login(self._settings.user, self._password)
        return None

    def _said(self, code: int, words: bytes | str) -> Outcome:
        """A reply of the server that is no yes. 4xx is `not now`; -1 is what smtplib calls an answer without a code."""
        told_words = self._told(words)
        if 400 <= code < 500:
            wait = LATER_SECONDS.get(str(code), LATER_OTHERS_SECONDS)
            return Outcome("limited", str(code), told_words, retry_after_seconds=wait)
        if 500 <= code < 600:
            return Outcome("refused", str(code), told_words)
        return Outcome("unknown", str(code), told_words)

    def _told(self, words: bytes | str) -> str:
        return told(words.decode(errors="replace") if isinstance(words, bytes) else words, self._secrets)

    def _mail(self, message: Message, to: str) -> EmailMessage:
        mail = EmailMessage(policy=SMTP_POLICY.clone(cte_type="7bit"))
        mail["From"] = self._settings.sender
        mail["To"] = to
        # One printable line: nothing in it can begin another header.
        mail["Subject"] = title_of(message)
        mail["Date"] = formatdate(self._clock.wall(), localtime=True)
        mail["Message-ID"] = message_id(message.key, self._settings.sender)
        # Absence notes of people's mailboxes must not answer.
        mail["Auto-Submitted"] = "auto-generated"
        if message.urgent:
            mail["Importance"] = "high"
        parts = [lines_of(message.text)]
        if link := link_of(message):
            parts.append("\n".join(part for part in (one_line(message.link_text, 80), link) if part))
        mail.set_content("\n\n".join(part for part in parts if part) + "\n")
        return mail


def _no_connection(fault: Exception) -> Outcome:
    """Before the mail itself was sent: it certainly did not arrive."""
    if isinstance(fault, ssl.SSLError):
        return Outcome("unreachable", BAD_TLS, told(getattr(fault, "verify_message", "") or str(fault.reason)))
    return Outcome("unreachable", NO_CONNECTION, "no connection, or it ended before the mail was sent")


def message_id(key: str, sender: str) -> str:
    """The same for each attempt of a delivery."""
    return f"<{digest(key).hex()[:40]}@{sender.rpartition('@')[2]}>"

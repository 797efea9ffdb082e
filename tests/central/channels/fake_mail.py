"""A mail server: aiosmtpd, with TLS and sign-in where asked for, and with faults."""

import asyncio
import email
import email.policy
import re
import socket
import ssl
from collections import deque
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.central.channels.fake_http import Received

LINK_LINE = re.compile(r"^https?://\S+$", re.MULTILINE)


class MailFake:
    """One mail server. `mails`: whole, as they came; `received`: as people read them.

    `fail_next("rcpt:550 5.1.1 no such user")`, `mail:…`, `data:…` answer so at that step. lost: the mail is taken, and
    the connection ends without an answer. late: the answer waits until nobody listens. hung_up: it ends before the
    mail.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        users: dict[str, str] | None = None,
    ) -> None:
        self.received: list[Received] = []
        self.mails: list[EmailMessage] = []
        self.users = users or {}
        self._faults: deque[str] = deque()
        self._controller = _Controller(self, tls, starttls)
        self._controller.start()

    @property
    def host(self) -> str:
        return "127.0.0.1"

    @property
    def port(self) -> int:
        return int(self._controller.server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        return f"smtp://{self.host}:{self.port}"

    def fail_next(self, *faults: str) -> None:
        self._faults.extend(faults)

    def close(self) -> None:
        self._controller.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fault_at(self, step: str) -> str:
        """The fault that is due at this step of the protocol."""
        if self._faults and self._faults[0].partition(":")[0] == step:
            return self._faults.popleft().partition(":")[2] or step
        return ""

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, how: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        known = self.users.get(given.login.decode())
        return AuthResult(success=known is not None and known.encode() == given.password, handled=False)

    # What aiosmtpd calls at each step.

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, sender: str, options: Any) -> str:
        if self.fault_at("hung_up"):
            server.transport.abort()
            return "421 gone"
        if fault := self.fault_at("mail"):
            return fault
        envelope.mail_from = sender
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, options: Any) -> str:
        if fault := self.fault_at("rcpt"):
            return fault
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if fault := self.fault_at("data"):
            return fault
        content = envelope.content
        assert isinstance(content, bytes)
        assert max(content) < 128, "this server takes seven bits"
        mail = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.received.append(_read(mail, envelope.rcpt_tos))
        if self.fault_at("lost"):
            server.transport.abort()
        if self.fault_at("late"):
            while not server.transport.is_closing():
                await asyncio.sleep(0.01)
        return "250 2.0.0 queued as 4f2a"


def _read(mail: EmailMessage, to: list[str]) -> Received:
    body = mail.get_content().replace("\r\n", "\n")
    links = LINK_LINE.findall(body)
    return Received(
        mail["Subject"],
        body,
        links[-1] if links else "",
        to=",".join(to),
        key=mail["Message-ID"],
        urgent=mail["Importance"] == "high",
        raw=dict(mail.items()),
    )


class _Controller(Controller):
    def __init__(self, fake: MailFake, tls: ssl.SSLContext | None, starttls: ssl.SSLContext | None) -> None:
        given: dict[str, Any] = {"ssl_context": tls} if tls else {}
        if starttls:
            given |= {"tls_context": starttls, "require_starttls": True}
        if fake.users:
            given |= {"authenticator": fake.authenticate, "auth_required": True}
        super().__init__(fake, hostname="127.0.0.1", port=0, server_hostname="mail.example.com", **given)

    def _trigger_server(self) -> None:
        """Asks once whether it listens, at the port that the system chose."""
        self.port = self.server.sockets[0].getsockname()[1]
        socket.create_connection(("127.0.0.1", self.port), 5).close()

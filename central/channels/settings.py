"""What the configuration says of each channel: `[channels.NAME]`, told apart by `kind`."""

import base64
import binascii
import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, FilePath, SecretStr, StringConstraints, model_validator

from central.limits import CHANNEL_SECONDS_MAX
from central.section import Section

CHANNEL_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
ChannelName = Annotated[str, StringConstraints(pattern=f"^{CHANNEL_NAME.pattern}$")]

SECRET_PREFIX = "whsec_"
TOKEN = re.compile(r"[A-Za-z0-9_]{0,128}")
MAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


Seconds = Annotated[float, Field(ge=0.1, le=CHANNEL_SECONDS_MAX, description="how long one attempt may take in all")]


class Common(Section):
    """What every channel has."""

    private: Annotated[
        bool,
        Field(description="addresses of the plant's own network are allowed, and this very machine without TLS"),
    ] = False
    ca_file: Annotated[
        FilePath | None,
        Field(description="PEM of the certificates to trust instead of the public ones: a CA of the plant"),
    ] = None
    answer_seconds_max: Seconds = 10.0


def url_fault(url: str, private: bool) -> str:
    """Why a channel may not have this address; empty: it may. Never repeats it: robots' addresses are passwords."""
    try:
        parts = urlsplit(url)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        return "this is no address"
    if parts.scheme not in ("https", "http") or not parts.hostname or not port_is_right:
        return "an address begins with https:// and a host"
    if not url.isascii() or not url.isprintable() or " " in url:
        return "an address has no blanks and no other characters than ASCII"
    if parts.username is not None or parts.fragment:
        return "an address has no user and no fragment"
    if parts.scheme == "http" and not private:
        return "https is needed; http only to this very machine, with `private = true`"
    return ""


class WithUrl(Common):
    """A channel with an address of its own."""

    url: Annotated[SecretStr, Field(description="the whole address; https. A robot's holds its password")]

    @model_validator(mode="after")
    def _judged(self) -> Any:
        if fault := url_fault(self.url.get_secret_value(), self.private):
            raise ValueError(fault)
        return self


class EmailSettings(Common):
    """Mail by SMTP."""

    kind: Literal["email"]
    host: Annotated[str, Field(min_length=1, max_length=253)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Field(description="`none` only with `private = true` and without a password"),
    ] = "starttls"
    user: Annotated[str, Field(max_length=254)] = ""
    password: SecretStr = SecretStr("")
    sender: Annotated[str, Field(max_length=254, description="the mail address it comes from")]
    # Mail servers let strangers wait before they greet.
    answer_seconds_max: Seconds = 30.0

    @model_validator(mode="after")
    def _judged(self) -> Any:
        if not MAIL_ADDRESS.fullmatch(self.sender):
            raise ValueError("`sender` is one plain mail address")
        if not (self.user + self.password.get_secret_value()).isascii():
            raise ValueError("`user` and `password` hold ASCII only")
        if self.security == "none" and (not self.private or self.password.get_secret_value()):
            raise ValueError("`none` only with `private = true` and without a password")
        return self


class WebhookSettings(WithUrl):
    """A signed POST to a program of the plant, as Standard Webhooks describes it."""

    kind: Literal["webhook"]
    secret: Annotated[SecretStr, Field(description="`whsec_` and base64 of 24 to 64 bytes; signs each message")]
    repeats_safely: Annotated[
        bool, Field(description="the receiver drops a second message with the same `webhook-id`")
    ] = False

    @model_validator(mode="after")
    def _signs(self) -> Any:
        if not 24 <= len(webhook_key(self.secret.get_secret_value())) <= 64:
            raise ValueError("`secret` is `whsec_` and base64 of 24 to 64 bytes")
        return self


def webhook_key(secret: str) -> bytes:
    """The bytes of a `whsec_` secret; empty for what is none."""
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        return b""


class NtfySettings(WithUrl):
    """A server of ntfy: its address without a topic."""

    kind: Literal["ntfy"]
    topic: Annotated[str, Field(pattern=r"^[-_A-Za-z0-9]{0,64}$", description="where a rule names none")] = ""
    token: Annotated[SecretStr, Field(description="an access token, `tk_…`")] = SecretStr("")

    @model_validator(mode="after")
    def _root(self) -> Any:
        parts = urlsplit(self.url.get_secret_value())
        if parts.path not in ("", "/") or parts.query:
            raise ValueError("the address of the server alone, without a topic")
        if not TOKEN.fullmatch(self.token.get_secret_value()):
            raise ValueError("`token` holds letters, digits and _ only")
        return self


class RobotSettings(WithUrl):
    """A robot in a group of a messenger."""

    keyword: Annotated[
        str, Field(max_length=32, description="a word that the robot demands in each message; put before the title")
    ] = ""


class DingtalkSettings(RobotSettings):
    """A custom robot of 钉钉."""

    kind: Literal["dingtalk"]
    secret: Annotated[SecretStr, Field(description="of 加签, `SEC…`; empty: the robot is guarded by keyword or IP")] = (
        SecretStr("")
    )


class FeishuSettings(RobotSettings):
    """A custom bot of 飞书 or Lark."""

    kind: Literal["feishu"]
    secret: Annotated[SecretStr, Field(description="of 签名校验; empty: the bot is guarded by keyword or IP")] = (
        SecretStr("")
    )


class WecomSettings(RobotSettings):
    """A group robot of 企业微信."""

    kind: Literal["wecom"]


class WebPushSettings(Common):
    """The browsers of people who agreed, by Web Push. The key pair is made in the server's folder."""

    kind: Literal["web_push"]
    contact: Annotated[
        str,
        Field(
            pattern=r"^(?:mailto:|https://)\S{3,200}$", description="whom a push service may ask: mailto: or https://"
        ),
    ]
    ttl_seconds: Annotated[
        int, Field(ge=0, le=28 * 86_400, description="how long a push service keeps it for a device that is away")
    ] = 4 * 3_600


ChannelSettings = Annotated[
    EmailSettings
    | WebhookSettings
    | NtfySettings
    | DingtalkSettings
    | FeishuSettings
    | WecomSettings
    | WebPushSettings,
    Field(discriminator="kind"),
]

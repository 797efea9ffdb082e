"""Each kind of channel beside its provider on loopback, ready to send."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from central.channels.configured import channels_of
from central.channels.port import Address, Channel, Message
from central.channels.robot import Clock
from central.channels.settings import ChannelSettings
from central.config import CentralConfig
from tests.central.channels.fake_http import HttpFake
from tests.central.channels.fakes import (
    DingtalkFake,
    FeishuFake,
    MailFake,
    NtfyFake,
    PushFake,
    WebhookFake,
    WecomFake,
)

ROBOTS = ("dingtalk", "feishu", "wecom")
HTTP_KINDS = (*ROBOTS, "webhook", "ntfy", "web_push")
KINDS = (*HTTP_KINDS, "email")
ROBOT_SECRET = "SEC" + "0a1b2c3d" * 8
TOKEN = "tk_agentsecret0123456789"

MESSAGE = Message(
    "d41d8cd98f",
    "安灯：缺料 L1-S3",
    "物料 A-100 缺 20 件\n工单 WO-7 · 张三",
    "https://plant.example/c/7f3e?t=abc_DEF-1",
    "查看并确认",
    urgent=True,
)


@dataclass
class Time:
    """A clock that tests move."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    @property
    def clock(self) -> Clock:
        return Clock(self, self)


@dataclass
class Kit:
    """A channel and the provider it was configured with. `secrets`: what nothing of ours may repeat."""

    fake: Any
    channel: Channel
    address: Address
    folder: Path
    secrets: tuple[str, ...] = ()
    time: Time = field(default_factory=Time)

    def again(self, **more: Any) -> Channel:
        """Another channel with the same settings, as another process has it, but for these."""
        return channel(self.fake, self.folder, self.time, **more)


def http_fake(kind: str, time: Time, **given: Any) -> HttpFake:
    match kind:
        case "dingtalk":
            return DingtalkFake(secret=ROBOT_SECRET, clock=time, **given)
        case "feishu":
            return FeishuFake(secret=ROBOT_SECRET, clock=time, **given)
        case "wecom":
            return WecomFake(clock=time, **given)
        case "webhook":
            return WebhookFake(clock=time, **given)
        case "ntfy":
            return NtfyFake(token=TOKEN, clock=time, **given)
        case _:
            return PushFake(clock=time, **given)


def settings_for(fake: Any) -> dict[str, Any]:
    common: dict[str, Any] = {"private": True, "answer_seconds_max": 2.0}
    match fake:
        case DingtalkFake() | FeishuFake():
            kind = "dingtalk" if isinstance(fake, DingtalkFake) else "feishu"
            return common | {"kind": kind, "url": fake.url, "secret": fake.secret, "keyword": fake.keyword}
        case WecomFake():
            return common | {"kind": "wecom", "url": fake.url}
        case WebhookFake():
            return common | {"kind": "webhook", "url": fake.url, "secret": fake.secret}
        case NtfyFake():
            return common | {"kind": "ntfy", "url": fake.url, "token": fake.token}
        case MailFake():
            mail = {"kind": "email", "host": fake.host, "port": fake.port, "sender": "line@plant.example"}
            return common | mail | {"security": "none"}
        case _:
            assert isinstance(fake, PushFake)
            return common | {"kind": "web_push", "contact": "mailto:it@plant.example"}


def channel(fake: Any, folder: Path, time: Time, **more: Any) -> Channel:
    settings = TypeAdapter(ChannelSettings).validate_python(settings_for(fake) | more)
    config = CentralConfig(folder=folder, channels={"one": settings})
    return channels_of(config, time.clock)["one"]


def address_for(fake: Any) -> Address:
    match fake:
        case MailFake():
            return Address("zhang.san@plant.example")
        case NtfyFake():
            return Address("line-1-secret-topic")
        case PushFake():
            return Address(fake.subscription)
        case _:
            return Address()


def secrets_in(fake: Any) -> tuple[str, ...]:
    found = [getattr(fake, name, "") for name in ("secret", "token", "name")]
    return tuple(each for each in (*found, address_for(fake).to) if each and not isinstance(fake, MailFake))


@contextmanager
def kit(kind: str, folder: Path, **more: Any) -> Iterator[Kit]:
    """A channel of this kind and its provider; further settings of the channel may be given."""
    time = Time()
    with MailFake() if kind == "email" else http_fake(kind, time) as fake:
        yield Kit(fake, channel(fake, folder, time, **more), address_for(fake), folder, secrets_in(fake), time)

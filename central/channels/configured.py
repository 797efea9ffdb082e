"""The channels that the configuration names, made."""

from typing import assert_never

from central.channels.dingtalk import Dingtalk
from central.channels.feishu import Feishu
from central.channels.mail import Email
from central.channels.ntfy import Ntfy
from central.channels.port import Channel
from central.channels.robot import Clock
from central.channels.settings import (
    ChannelSettings,
    DingtalkSettings,
    EmailSettings,
    FeishuSettings,
    NtfySettings,
    WebhookSettings,
    WebPushSettings,
    WecomSettings,
)
from central.channels.web_push import WebPush
from central.channels.webhook import Webhook
from central.channels.wecom import Wecom
from central.config import CentralConfig
from central.errors import ConfigRefused


def channels_of(config: CentralConfig, clock: Clock | None = None) -> dict[str, Channel]:
    """Each configured channel by its name. Keep them: a robot's pace is counted in its channel.

    Raises ConfigRefused where the key pair of Web Push cannot be made or read.
    """
    return {name: _made(name, settings, config, clock) for name, settings in config.channels.items()}


def _made(name: str, settings: ChannelSettings, config: CentralConfig, clock: Clock | None) -> Channel:
    match settings:
        case EmailSettings():
            return Email(settings, clock)
        case WebhookSettings():
            return Webhook(settings, clock)
        case NtfySettings():
            return Ntfy(settings, clock)
        case DingtalkSettings():
            return Dingtalk(settings, clock)
        case FeishuSettings():
            return Feishu(settings, clock)
        case WecomSettings():
            return Wecom(settings, clock)
        case WebPushSettings():
            try:
                return WebPush(settings, config.folder, clock)
            except (OSError, ValueError) as fault:
                raise ConfigRefused(f"channels.{name}: {fault}") from fault
        case _:
            assert_never(settings)

"""A channel tried from the shell."""

import secrets

from central.channels.configured import channels_of
from central.channels.port import Address, Message, Outcome
from central.config import CentralConfig
from central.errors import ChannelUnknown


def try_channel(config: CentralConfig, name: str, to: str = "", mention: str = "") -> Outcome:
    """What became of one test message. Raises ChannelUnknown for a name that the configuration has not."""
    if name not in config.channels:
        raise ChannelUnknown(f"no channel {name!r}; there are: {', '.join(sorted(config.channels)) or 'none'}")
    # Only the one: making the others could fail for reasons of their own.
    alone = config.model_copy(update={"channels": {name: config.channels[name]}})
    title, text = f"线边测试 · Lineside test ({config.plant})", "通道可用。\nThis channel works."
    return channels_of(alone)[name].send(Message(secrets.token_hex(16), title, text), Address(to, mention))

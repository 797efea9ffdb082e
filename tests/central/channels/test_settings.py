"""What the configuration says of channels: whole, told apart, and silent about its secrets."""

import logging
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from central.channels.configured import channels_of
from central.channels.push_crypto import KEY_FILE
from central.channels.web_push import WebPush
from central.commands import central_group
from central.config import CentralConfig, read_config
from central.errors import ConfigRefused
from tests.central.channels.fakes import DingtalkFake, NtfyFake
from tests.central.channels.kits import KINDS, ROBOT_SECRET

SECRET = "whsec_" + "QUFB" * 11
WHOLE = f"""
folder = "FOLDER"

[channels.mail]
kind = "email"
host = "smtp.plant.example"
user = "line@plant.example"
password = "hunter2-very-secret"
sender = "line@plant.example"

[channels.erp]
kind = "webhook"
url = "https://erp.example/hooks/very-secret-path"
secret = "{SECRET}"

[channels.phones]
kind = "ntfy"
url = "https://ntfy.example"
token = "tk_very_secret_token"

[channels.ding]
kind = "dingtalk"
url = "https://oapi.dingtalk.com/robot/send?access_token=very-secret-token"
secret = "{ROBOT_SECRET}"

[channels.fei]
kind = "feishu"
url = "https://open.feishu.cn/open-apis/bot/v2/hook/very-secret-hook"

[channels.wei]
kind = "wecom"
url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=very-secret-key"

[channels.browsers]
kind = "web_push"
contact = "mailto:it@plant.example"
"""


def written(folder: Path, text: str = WHOLE) -> Path:
    path = folder / "central.toml"
    path.write_text(text.replace("FOLDER", str(folder / "central")), encoding="utf-8")
    return path


def test_a_channel_of_each_kind_is_made(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    config = read_config(written(tmp_path))
    made = channels_of(config)
    assert {each.kind for each in made.values()} == set(KINDS)
    assert isinstance(made["browsers"], WebPush) and len(made["browsers"].public_key) == 87
    assert (tmp_path / "central" / KEY_FILE).stat().st_mode & 0o777 == 0o600
    shown = f"{config!r} {config.model_dump_json()} {made!r} {caplog.text}"
    assert "secret" not in shown.replace("secret=", "").replace('"secret"', "") and ROBOT_SECRET not in shown


def test_without_channels_nothing_is_made(tmp_path: Path) -> None:
    assert channels_of(CentralConfig(folder=tmp_path)) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("was", "now", "words"),
    [
        ("https://erp.example", "http://erp.example", "https is needed"),
        ("https://oapi", "https://user:pass@oapi", "no user"),
        (SECRET, "whsec_c2hvcnQ=", "base64 of 24 to 64 bytes"),
        (SECRET, "whsec_%%%", "base64 of 24 to 64 bytes"),
        ('"https://ntfy.example"', '"https://ntfy.example/topic"', "without a topic"),
        ('sender = "line@plant.example"', 'sender = "Line <line@plant.example>"', "one plain mail address"),
        ('host = "smtp.plant.example"', 'host = "smtp.plant.example"\nsecurity = "none"', "without a password"),
        ('"tk_very_secret_token"', '"tk_very_secret\\r\\nX: 1"', "letters, digits"),
        ("hunter2-very-secret", "very-secret-密码", "ASCII only"),
        ("mailto:it@plant.example", "it@plant.example", "contact"),
        ('kind = "wecom"', 'kind = "wechat"', "wecom"),
        ("[channels.wei]", '[channels."企微"]', "channels"),
        ('kind = "feishu"', 'kind = "feishu"\nunknown = 1', "unknown"),
        ('kind = "feishu"', 'kind = "feishu"\nca_file = "/nowhere.pem"', "ca_file"),
        ('kind = "feishu"', 'kind = "feishu"\nanswer_seconds_max = 61', "answer_seconds_max"),
    ],
)
def test_what_no_channel_may_be_is_told_without_its_secrets(was: str, now: str, words: str, tmp_path: Path) -> None:
    assert was in WHOLE
    with pytest.raises(ConfigRefused) as refused:
        read_config(written(tmp_path, WHOLE.replace(was, now)))
    assert words in str(refused.value) and "very-secret" not in str(refused.value)


def test_a_broken_key_pair_stops_and_is_told(tmp_path: Path) -> None:
    config = read_config(written(tmp_path))
    channels_of(config)
    (tmp_path / "central" / KEY_FILE).write_text("torn")
    with pytest.raises(ConfigRefused, match=r"channels\.browsers"):
        channels_of(config)


def called(folder: Path, settings: dict[str, Any], *arguments: str) -> tuple[int, str]:
    lines = [f"{name} = {str(value).lower() if value is True else repr(value)}" for name, value in settings.items()]
    path = written(folder, 'folder = "FOLDER"\n[channels.one]\n' + "\n".join(lines))
    done = CliRunner().invoke(central_group, ["channel", "test", *arguments, "--config", str(path)])
    return done.exit_code, done.output


def test_a_channel_is_tried_from_the_shell(tmp_path: Path) -> None:
    with DingtalkFake(secret=ROBOT_SECRET) as fake:
        settings = {"kind": "dingtalk", "url": fake.url, "secret": ROBOT_SECRET, "private": True}
        assert called(tmp_path, settings, "one", "--mention", "13800138000") == (0, "accepted 0 ok\n")
        assert "通道可用" in fake.received[0].text and fake.received[0].mention == "13800138000"
        fake.fail_next("code:130101")
        code, shown = called(tmp_path, settings, "one")
        assert code == 1 and shown == "limited 130101 robot … says 130101\nagain in 600 s\n"
        code, shown = called(tmp_path, settings, "other")
        assert code == 1 and "no channel 'other'; there are: one" in shown


def test_the_providers_name_for_a_message_is_printed(tmp_path: Path) -> None:
    with NtfyFake() as fake:
        code, shown = called(tmp_path, {"kind": "ntfy", "url": fake.url, "private": True}, "one", "--to", "line-1")
        assert code == 0 and shown.startswith("accepted 200\nthe provider calls it ")
        assert fake.received[0].to == "line-1"

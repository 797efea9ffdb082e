"""Signatures and encryption against others' work: openssl, published examples, http_ece."""

import base64
import json
import secrets
import subprocess
from pathlib import Path

import http_ece
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from central.channels import dingtalk, feishu, webhook
from central.channels.port import Message
from central.channels.push_crypto import KEY_FILE, PLAIN_BYTES_MAX, decoded, encoded, encrypted, point, push_key
from central.channels.web_push import payload
from tests.central.channels.kits import ROBOT_SECRET

STAMP_MILLISECONDS = 1_800_000_000_123


def openssl(*arguments: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout


def mac(key: bytes, text: bytes) -> str:
    made = openssl("dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key.hex()}", "-binary", stdin=text)
    return base64.b64encode(made).decode()


def test_dingtalk_signs_as_openssl_does() -> None:
    text = f"{STAMP_MILLISECONDS}\n{ROBOT_SECRET}".encode()
    assert dingtalk.signature(ROBOT_SECRET, STAMP_MILLISECONDS) == mac(ROBOT_SECRET.encode(), text)


def test_feishu_signs_as_openssl_does() -> None:
    key = f"1800000000\n{ROBOT_SECRET}".encode()
    assert feishu.signature(ROBOT_SECRET, 1_800_000_000) == mac(key, b"")


def test_a_webhook_is_signed_as_the_published_example_of_standard_webhooks() -> None:
    made = webhook.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_push_is_encrypted_as_the_example_of_rfc_8291() -> None:
    own = ec.derive_private_key(
        int.from_bytes(decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
    )
    made = encrypted(
        b"When I grow up, I want to be a watermelon",
        decoded("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        decoded("BTBZMqHH6r4Tts7J_aSIgg"),
        own,
        decoded("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert encoded(made) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz"
        "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@pytest.mark.parametrize("size", [0, 1, 1_000, PLAIN_BYTES_MAX])
def test_another_library_opens_what_we_encrypt(size: int) -> None:
    browser, auth, plain = ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(16), secrets.token_bytes(size)
    made = encrypted(plain, point(browser.public_key()), auth)
    assert http_ece.decrypt(made, private_key=browser, auth_secret=auth, version="aes128gcm") == plain
    assert len(made) <= 4_096
    with pytest.raises(ValueError):
        encrypted(b"x" * (PLAIN_BYTES_MAX + 1), point(browser.public_key()), auth)


def test_every_payload_fits_into_one_record() -> None:
    for sign in ('"', "\n", "\\", "质", "😀", "a"):
        message = Message("k" * 64, sign * 300, (sign + "a") * 5_000, "https://x.example/" + "a" * 900, sign * 300)
        made = payload(message)
        assert len(made) <= PLAIN_BYTES_MAX
        assert json.loads(made)["link"] == message.link


def test_openssl_verifies_who_sends_a_push(tmp_path: Path) -> None:
    key = push_key(tmp_path)
    header = key.authorization("https://push.example", "mailto:it@plant.example", 1_800_000_000.0)
    token, public = (part.split("=", 1)[1] for part in header.removeprefix("vapid ").split(", "))
    signed, _, signature = token.rpartition(".")
    claims = json.loads(decoded(signed.partition(".")[2]))
    assert claims == {"aud": "https://push.example", "exp": 1_800_043_200, "sub": "mailto:it@plant.example"}
    raw = decoded(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    verifying = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(public))
    (tmp_path / "signature").write_bytes(der)
    (tmp_path / "public.pem").write_bytes(
        verifying.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    verify = ("dgst", "-sha256", "-verify", str(tmp_path / "public.pem"), "-signature", str(tmp_path / "signature"))
    assert b"Verified OK" in openssl(*verify, stdin=signed.encode())
    with pytest.raises(subprocess.CalledProcessError):
        openssl(*verify, stdin=signed.encode() + b"x")


def test_the_key_pair_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "central"
    first = push_key(folder)
    assert push_key(folder).public == first.public
    assert (folder / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [each.name for each in folder.iterdir()] == [KEY_FILE]
    (folder / KEY_FILE).write_bytes(b"another thing")
    with pytest.raises(ValueError):
        push_key(folder)

"""Prove a fresh installation: one scan through the pseudo-terminal is found on the board and on MQTT."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import requests
from paho.mqtt.enums import CallbackAPIVersion

from simulation.plant import GATEWAY_NAME, STATIONS, Plant
from simulation.processes import ProcessDied, wait_for

BADGE, PERSON, TICKET, OPERATION = "B-P02", "P02", "T-WO-1001-10", "WO-1001-10"


def check(folder: Path) -> Iterator[str]:
    """A line for each thing found. Raises ProcessDied when one is not."""
    began = time.monotonic()
    plant = Plant(folder, usual_ports=False)
    heard: list[dict[str, Any]] = []
    client: mqtt.Client | None = None
    try:
        plant.start()
        yield f"started in {time.monotonic() - began:.1f} s: {plant.screen_url} {plant.board_url}"
        client = listen(plant, heard)
        scan(plant, BADGE)
        scan(plant, TICKET)
        scanned = time.monotonic()
        wait_for("the operation on the board", lambda: on_board(plant))
        yield f"the board shows {OPERATION} running by {PERSON} after {time.monotonic() - scanned:.2f} s"
        wait_for("the event on MQTT", lambda: any(is_start(each) for each in heard))
        yield f"MQTT has told work.started of {GATEWAY_NAME}"
        wait_for("the station page", lambda: requests.get(plant.screen_url, timeout=5).status_code == 200)
        yield "the station page answers"
    finally:
        if client is not None:
            client.disconnect()
            client.loop_stop()
        plant.stop()
    for name, process in plant.processes.items():
        if process.code != 0:
            raise ProcessDied(f"{name} ended with {process.code}:\n{process.tail()}")
    yield f"everything ended cleanly; {time.monotonic() - began:.1f} s in all"


def scan(plant: Plant, label: str, station: str = STATIONS[0]) -> None:
    """What the scanner does: the label and a carriage return into the pseudo-terminal."""
    descriptor = os.open(plant.scanner_of(station), os.O_WRONLY | os.O_NOCTTY)
    try:
        os.write(descriptor, label.encode() + b"\r")
    finally:
        os.close(descriptor)


def on_board(plant: Plant) -> bool:
    """Whether the office shows the operation as running by the person."""
    board = requests.get(f"http://127.0.0.1:{plant.ports.central}/api/v1/board", timeout=5).json()
    return any(
        row["operation"] == OPERATION and any(worker["person"] == PERSON for worker in row["workers"])
        for row in board["operations"]
    )


def is_start(event: dict[str, Any]) -> bool:
    """Whether this CloudEvent is the start we made."""
    return bool(event.get("type") == "work.started" and event["data"]["operation"] == OPERATION)


def listen(plant: Plant, heard: list[dict[str, Any]]) -> mqtt.Client:
    """A stranger's MQTT client on the reader's account."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="check")
    client.username_pw_set(*plant.broker_account)
    client.on_message = lambda _, __, message: heard.append(json.loads(message.payload))
    subscribed: list[bool] = []

    def on_connect(*_: object) -> None:
        client.subscribe("lineside/v1/#", qos=1)

    client.on_connect = on_connect
    client.on_subscribe = lambda *_: subscribed.append(True)
    client.connect("127.0.0.1", plant.ports.broker)
    client.loop_start()
    wait_for("the broker's subscription", lambda: bool(subscribed))
    return client

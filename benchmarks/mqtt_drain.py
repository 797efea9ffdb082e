"""Draining a backlog over MQTT, beside bare paho with the same window and the same bytes."""

import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt

from sync.limits import MQTT_WINDOW_MAX, NoticeLimits
from sync.memory import MemoryCard
from sync.mqtt_pump import MqttPump
from sync.mqtt_sink import BrokerSettings, PahoPort
from sync.ports import PositionMoved, Report
from sync.runner import Runner
from sync.wire import Record
from tests.sync.mosquitto import Mosquitto

TOPIC = "lineside/v1/site/area/line/st-1/event/report.finished"
TARGET_RATIO = 0.8
RECORDS = 100_000
ROUNDS = 4
SECONDS_MAX = 300.0


def _content(number: int) -> str:
    return json.dumps(
        {
            "type": "report.finished",
            "subject": "st-1",
            "time": "2026-11-22T10:00:00.000Z",
            "clockstate": "synchronised",
            "data": {
                "person": f"p-{number % 500}",
                "operation": f"op-{number % 9000}",
                "good": number % 50,
                "scrap": 0,
            },
        }
    )


def _envelope(record: Record) -> bytes:
    head = f'{{"specversion":"1.0","source":"/lineside/{record.gateway_name}","id":"{record.epoch}/{record.seq}",'
    return (head + record.content[1:]).encode()


def bare_paho(port: int, bodies: list[bytes], topic: str = TOPIC) -> float:
    """Messages a second of paho with its own thread, `MQTT_WINDOW_MAX` unacknowledged."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="bare")
    client.max_inflight_messages_set(MQTT_WINDOW_MAX)
    client.max_queued_messages_set(0)
    room, ready, done = threading.Semaphore(MQTT_WINDOW_MAX), threading.Event(), threading.Event()
    count = 0

    def acknowledged(*_: object) -> None:
        nonlocal count
        count += 1
        room.release()
        if count == len(bodies):
            done.set()

    client.on_connect = lambda *_: ready.set()
    client.on_publish = acknowledged
    client.connect("127.0.0.1", port)
    client.loop_start()
    ready.wait(10)
    begin = time.perf_counter()
    for body in bodies:
        room.acquire()
        client.publish(topic, body, qos=1)
    if not done.wait(SECONDS_MAX):
        raise RuntimeError("bare paho did not finish")
    rate = len(bodies) / (time.perf_counter() - begin)
    client.disconnect()
    client.loop_stop()
    return rate


def ours(port: int, card: MemoryCard, count: int) -> float:
    """Messages a second of the pump, from the first connection to the last acknowledgement told."""
    done = threading.Event()
    failures: list[BaseException] = []

    def post(report: Report, /) -> bool:
        if isinstance(report, PositionMoved) and report.position >= count:
            done.set()
        return True

    def died(name: str, error: BaseException) -> None:
        failures.append(error)
        done.set()

    client_port = PahoPort(BrokerSettings("127.0.0.1", port, "ours"))
    pump = MqttPump(
        card,
        client_port,
        post,
        lambda record: TOPIC,
        _envelope,
        lambda: 0.5,
        limits=NoticeLimits(position_records_max=500),
    )
    runner = Runner("mqtt", pump.step, time.monotonic, died, waiter=client_port, finish=client_port.farewell)
    begin = time.perf_counter()
    runner.start()
    if not done.wait(SECONDS_MAX) or failures:
        raise RuntimeError(f"the drain did not finish: {failures}")
    rate = count / (time.perf_counter() - begin)
    runner.close()
    runner.join(10)
    return rate


def measure(records: int = RECORDS, rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """The median ratio of `rounds` pairs, each pair in alternating order."""
    card = MemoryCard("gate-1")
    for number in range(records):
        card.append(_content(number))
    bodies = [_envelope(record) for record in card.made()]
    pairs: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder, Mosquitto(Path(folder)) as broker:
        for turn in range(rounds):
            runs: list[tuple[str, Callable[[], float]]] = [
                ("bare", lambda: bare_paho(broker.port, bodies)),
                ("ours", lambda: ours(broker.port, card, records)),
            ]
            rates = {name: run() for name, run in (runs if turn % 2 == 0 else reversed(runs))}
            pairs.append((rates["bare"], rates["ours"]))
    pairs.sort(key=lambda pair: pair[1] / pair[0])
    bare, own = pairs[len(pairs) // 2]
    ratio = own / bare
    return [
        {
            "name": "mqtt drain",
            "value": round(own),
            "unit": "records/s",
            "baseline": round(bare),
            "ratio": round(ratio, 2),
            "target": TARGET_RATIO,
            "holds": ratio >= TARGET_RATIO,
        }
    ]


if __name__ == "__main__":
    for row in measure(*(int(each) for each in sys.argv[1:3])):
        sys.stdout.write(json.dumps(row) + "\n")

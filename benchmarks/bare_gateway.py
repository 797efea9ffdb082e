"""`python -m benchmarks.bare_gateway FILE BROKER_PORT COUNT PER_SECOND`: one commit and one paho publish an event.

Prints `cost MICROSECONDS` of CPU an event. PER_SECOND 0: as fast as it goes.
"""

import sys
import time
from pathlib import Path

from benchmarks.bare import BareLog, BarePublisher
from benchmarks.content import GATEWAY_NAME, content
from floor.events import cloud_event

TOPIC = "lineside/v1/plant/machining/L1/S1/event/report.finished"
EPOCH = "0123456789abcdef0123456789abcdef"


def main(path: Path, port: int, count: int, per_second: float) -> None:
    """Commit, publish, and wait for every acknowledgement."""
    texts = [content(number) for number in range(count)]
    payloads = [cloud_event(GATEWAY_NAME, EPOCH, at, text).encode() for at, text in enumerate(texts, 1)]
    bare, publisher = BareLog(path), BarePublisher(port)
    due = time.monotonic()
    began = time.process_time()
    for text, payload in zip(texts, payloads, strict=True):
        if per_second:
            due += 1 / per_second
            time.sleep(max(0.0, due - time.monotonic()))
        bare.append(text)
        publisher.publish(TOPIC, payload)
    publisher.finish()
    cost = time.process_time() - began
    publisher.close()
    bare.close()
    print(f"cost {cost / count * 1e6:.1f}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))

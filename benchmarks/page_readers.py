"""People who read the office's pages over HTTP, signed in, and how long each page took to come whole."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import requests

from benchmarks.readings import NothingCame
from tests.central.page_client import FORM_TOKEN, PASSWORD

THINKING_SECONDS = 0.2
"""Between a page and the next one: three readers ask for up to fifteen pages a second."""

PAGE_SECONDS_MAX = 120.0


def first_administrator(url: str, code: str) -> requests.Session:
    """A session of the first administrator."""
    return _signed_in(url, "/sign-in/first", {"name": "admin", "code": code, "password": PASSWORD, "repeat": PASSWORD})


def administrator(url: str) -> requests.Session:
    """One more of the same person, after `first_administrator`."""
    return _signed_in(url, "/sign-in", {"name": "admin", "password": PASSWORD})


def _signed_in(url: str, action: str, values: Mapping[str, str]) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    found = FORM_TOKEN.search(session.get(f"{url}/sign-in", timeout=PAGE_SECONDS_MAX).text)
    if found is None:
        raise NothingCame("the page to sign in has no form")
    session.headers["Origin"] = url
    form = {"form_token": found[1], **values}
    answer = session.post(url + action, data=form, timeout=PAGE_SECONDS_MAX, allow_redirects=False)
    if answer.status_code != 303:
        raise NothingCame(f"signing in was answered with {answer.status_code}")
    return session


class Readers:
    """A thread for each session, which asks for the pages in turns.

    `milliseconds[phase][page]`: how long each took that was asked for while `phase` was named so.
    """

    def __init__(self, url: str, sessions: Sequence[requests.Session], paths: Mapping[str, str]) -> None:
        self.milliseconds: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self.phase = ""
        self.faults: list[str] = []
        self._url = url
        self._pages = list(paths.items())
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._read, args=(each, number * len(paths) // len(sessions)), daemon=True)
            for number, each in enumerate(sessions)
        ]

    def start(self) -> None:
        """Begin to read."""
        for each in self._threads:
            each.start()

    def close(self) -> None:
        """After the pages that are being read. Raises NothingCame where one was not given."""
        self._ended.set()
        for each in self._threads:
            each.join()
        if self.faults:
            raise NothingCame(f"{len(self.faults)} pages did not come, the first one: {self.faults[0]}")

    def _read(self, session: requests.Session, at: int) -> None:
        while not self._ended.wait(THINKING_SECONDS):
            (page, path), phase = self._pages[at % len(self._pages)], self.phase
            at += 1
            began = time.perf_counter()
            try:
                answer = session.get(self._url + path, timeout=PAGE_SECONDS_MAX, allow_redirects=False)
            except requests.RequestException as fault:
                self.faults.append(f"{path}: {fault}")
                continue
            if answer.status_code != 200:
                self.faults.append(f"{path}: {answer.status_code}")
            self.milliseconds[phase][page].append(1000 * (time.perf_counter() - began))


@contextmanager
def reading(url: str, sessions: Sequence[requests.Session], paths: Mapping[str, str]) -> Iterator[Readers]:
    """Readers at work."""
    found = Readers(url, sessions, paths)
    found.start()
    try:
        yield found
    finally:
        found.close()

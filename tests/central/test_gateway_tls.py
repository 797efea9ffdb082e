"""A gateway and its server with the shipped proxy between: pins, enrolment, certificates, and what they open."""

import re
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from central.authority import KEY_FILE, authority_of, issue
from central.commands import central_group
from central.config import read_config
from central.enrolment import invite_gateway, revoke
from central.opening import open_database
from central.snapshots import publish
from floor.master import MasterData
from floor.rows import Station
from gateway.client_keys import ClientKeys
from gateway.commands import gateway_group
from gateway.config import parse
from gateway.enrolment import enrol_here
from gateway.first_boot import FirstBoot
from gateway.joining import Joining
from simulation.processes import wait_for
from sync.central_sink import HttpExchange
from sync.enrol import enrol
from sync.errors import ServerKeyRefused, SinkRefused
from sync.limits import CERTIFICATE_LOOK_SECONDS
from sync.ports import Report, SinkState
from sync.ports import SinkRefused as Told
from sync.renewal import Renewal
from sync.wire import Batch
from tests.central.test_proxy import Site, plant

pytestmark = pytest.mark.process

WRONG_PIN = "sha256//" + "A" * 43 + "="


class Here:
    """The plant of this module and what a maintainer has of it."""

    def __init__(self, site: Site, config: Path) -> None:
        self.site, self.config = site, config
        told = CliRunner().invoke(central_group, ["ca", "pin", str(site.certificate)])
        assert told.exit_code == 0, told.output
        self.pin = told.output.strip()

    def code(self, name: str) -> str:
        with closing(open_database(read_config(self.config))) as database, database.write() as session:
            return invite_gateway(session, database.plant, name, "test", time.time())[0]

    def enrolled(self, folder: Path, name: str) -> tuple[str, ClientKeys]:
        """The token and the keys of a gateway that enrolled with the pin alone: no authority, no name, no clock."""
        path = enrol_here(self.site.open, name, self.code(name), folder, pins=[self.pin])
        return path.read_text().strip(), ClientKeys(folder, name)

    def exchange(self, token: str, keys: ClientKeys) -> HttpExchange:
        return HttpExchange(self.site.open, token, pins=[self.pin], client_file=str(keys.path))

    def asked(self) -> list[str]:
        """The request lines that reached the proxy."""
        return (self.site.folder / "access.log").read_text().splitlines()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    extra = 'trusted_proxy = "127.0.0.1"\n'
    with plant(tmp_path_factory.mktemp("tls"), extra) as (site, _, config, _):
        yield Here(site, config)


def test_a_gateway_enrols_by_the_pin_and_comes_with_its_certificate(here: Here, tmp_path: Path) -> None:
    token, keys = here.enrolled(tmp_path, "one")
    assert keys.path.stat().st_mode & 0o777 == 0o600 and keys.serial()
    with closing(here.exchange(token, keys)) as exchange:
        assert exchange.certificate_standing(keys.serial()).model_dump() == {"renew": False, "seen": True}
    with closing(here.exchange("", keys)) as exchange:
        assert exchange.offer(Batch(gateway="one")).server, "the certificate alone"
    with closing(HttpExchange(here.site.open, token, pins=[WRONG_PIN, here.pin])) as exchange:
        assert exchange.offer(Batch(gateway="one")).server, "the token alone, and one of two pins"


def test_a_wrong_pin_is_refused_before_anything_is_sent(here: Here, tmp_path: Path) -> None:
    code, before = here.code("pinned"), here.asked()
    with pytest.raises(ServerKeyRefused, match="not the one that is pinned") as refused:
        enrol_here(here.site.open, "pinned", code, tmp_path, pins=[WRONG_PIN])
    assert here.pin in str(refused.value) and "central ca pin" in refused.value.hint
    assert here.asked() == before
    assert not (tmp_path / "token").exists()
    words = ["enrol", "--url", here.site.open, "--name", "pinned", "--folder", str(tmp_path)]
    told = CliRunner().invoke(gateway_group, [*words, "--code", code, "--pin", WRONG_PIN])
    assert told.exit_code == 1 and "not the one that is pinned" in told.output
    told = CliRunner().invoke(gateway_group, [*words, "--code", code, "--pin", here.pin])
    assert told.exit_code == 0, "the code is as good as it was"


def test_what_a_client_says_of_certificates_is_dropped(here: Here, tmp_path: Path) -> None:
    _, keys = here.enrolled(tmp_path, "forged")
    headers = {"Lineside-Client-Serial": keys.serial(), "Lineside-Client-Verify": "SUCCESS"}
    answer = here.site.session().get(f"{here.site.open}/api/v1/facts", headers=headers, timeout=20)
    assert answer.status_code == 401


def test_the_pump_fetches_one_where_there_is_none_and_looks_again_later(here: Here, tmp_path: Path) -> None:
    token, keys = here.enrolled(tmp_path, "two")
    keys.path.unlink()
    with closing(here.exchange(token, keys)) as exchange:
        renewal = Renewal(exchange, keys, lambda: 0.5)
        assert renewal.step(1_000.0) == 1_000.0 + CERTIFICATE_LOOK_SECONDS
        first = keys.serial()
        assert first and renewal.seen is False
    with closing(here.exchange(token, keys)) as exchange:
        again = Renewal(exchange, keys, lambda: 0.5)
        again.step(5.0)
        assert again.seen is True and keys.serial() == first


def test_one_of_another_authority_leaves_the_token_and_is_renewed(here: Here, tmp_path: Path) -> None:
    """The server lost its authority and made another: nobody is locked out."""
    token, keys = here.enrolled(tmp_path, "three")
    stranger = authority_of(tmp_path / "elsewhere", "plant", time.time())
    keys.keep(issue(stranger, "plant", "three", keys.request(), time.time()).pem)
    with closing(here.exchange("", keys)) as exchange, pytest.raises(SinkRefused, match="401"):
        exchange.offer(Batch(gateway="three"))
    with closing(here.exchange(token, keys)) as exchange:
        assert exchange.offer(Batch(gateway="three")).server
        foreign = keys.serial()
        Renewal(exchange, keys, lambda: 0.5).step(0.0)
    assert keys.serial() != foreign
    with closing(here.exchange("", keys)) as exchange:
        assert exchange.offer(Batch(gateway="three")).server


def test_one_that_is_over_goes_on_to_the_server_with_its_body(here: Here, tmp_path: Path) -> None:
    token, keys = here.enrolled(tmp_path, "four")
    config = read_config(here.config)
    ours = authority_of(config.folder, config.plant, time.time())
    keys.keep(issue(ours, config.plant, "four", keys.request(), time.time() - 400 * 86_400).pem)
    with closing(here.exchange("", keys)) as exchange, pytest.raises(SinkRefused, match="401"):
        exchange.offer(Batch(gateway="four"))
    with closing(here.exchange(token, keys)) as exchange:
        assert exchange.offer(Batch(gateway="four")).server


def test_a_file_that_is_no_certificate_leaves_the_token(here: Here, tmp_path: Path) -> None:
    token, keys = here.enrolled(tmp_path, "five")
    keys.path.write_text("half a file")
    with closing(here.exchange(token, keys)) as exchange:
        assert exchange.offer(Batch(gateway="five")).server


def test_a_revoked_one_is_refused_at_once(here: Here, tmp_path: Path) -> None:
    token, keys = here.enrolled(tmp_path, "six")
    with closing(open_database(read_config(here.config))) as database, database.write() as session:
        revoke(session, database.plant, "six", time.time())
    for shown in ("", token):
        with closing(here.exchange(shown, keys)) as exchange, pytest.raises(SinkRefused, match="revoked"):
            exchange.offer(Batch(gateway="six"))


def test_a_lost_authority_costs_a_reload_of_the_proxy_and_nothing_else(tmp_path: Path) -> None:
    """Only certificates open here, so what the proxy does not verify would be seen at once."""
    extra = 'trusted_proxy = "127.0.0.1"\ngateway_certificates = "required"\n'
    with plant(tmp_path, extra) as (site, _, config, _):
        here = Here(site, config)
        of_token, of_keys = here.enrolled(tmp_path / "first", "one")
        other_token, other_keys = here.enrolled(tmp_path / "second", "two")
        (read_config(config).folder / "ca" / KEY_FILE).unlink()
        with closing(here.exchange(of_token, of_keys)) as exchange:
            before = of_keys.serial()
            Renewal(exchange, of_keys, lambda: 0.5).step(0.0)
            assert of_keys.serial() != before, "it noticed by itself"

        def opens(token: str, keys: ClientKeys, name: str) -> bool:
            try:
                with closing(here.exchange(token, keys)) as exchange:
                    return bool(exchange.offer(Batch(gateway=name)).server)
            except SinkRefused:
                return False

        assert not opens(of_token, of_keys, "one"), "the proxy has not read the file again"
        site.process.send_signal(signal.SIGHUP)
        wait_for("the proxy verifies with the present authority", lambda: opens(of_token, of_keys, "one"))
        assert opens(other_token, other_keys, "two"), "what the former one signed opens as before"


# From a card without a shell to an enrolled gateway


def boot_card(here: Here, folder: Path, name: str, url: str, code: str, pin: str) -> FirstBoot:
    boot = folder / "boot"
    boot.mkdir(parents=True, exist_ok=True)
    (boot / "gateway.toml").write_text(
        f'[gateway]\nname = "{name}"\nfolder = "{folder / "lineside"}"\n[central]\nurl = "{url}"\npin = ["{pin}"]\n'
        '[[station]]\nid = "S1"\n'
    )
    (boot / "enrolment.toml").write_text(f'code = "{code}"\n')
    return FirstBoot([boot], folder / "lineside")


def joining_of(folder: Path, told: list[Report], done: list[bool]) -> Joining:
    config = parse((folder / "lineside/gateway.toml").read_text())

    def post(report: Report) -> bool:
        told.append(report)
        return True

    return Joining(config, post, lambda: done.append(True), lambda: 1.0, lambda: False)


def test_a_flashed_card_joins_when_the_server_is_reachable(here: Here, tmp_path: Path) -> None:
    """The board believes it is 1970 all the while."""
    told: list[Report] = []
    done: list[bool] = []
    first = boot_card(here, tmp_path, "seven", "https://127.0.0.1:9", here.code("seven"), here.pin)
    assert first.step().configured
    away = joining_of(tmp_path, told, done)
    wake, pauses, now = 0.0, [], 0.0
    for _ in range(4):
        wake = away.step(now) or 0.0
        pauses.append(wake - now)
        now = wake
    assert pauses == [2.0, 4.0, 8.0, 16.0] and first.step().key == "unreachable"
    assert next(each for each in told if isinstance(each, SinkState)).detail.startswith("4 · ")
    text = (tmp_path / "lineside/gateway.toml").read_text()
    (tmp_path / "lineside/gateway.toml").write_text(text.replace("https://127.0.0.1:9", here.site.open))
    near = joining_of(tmp_path, told, done)
    assert near.step(100.0) is None and done == [True] and near.key == ""
    assert first.step().done
    left = {path.name for path in (tmp_path / "lineside").iterdir()}
    assert {"token", "client.pem"} <= left and not left & {"enrolment.toml", "joining", "enrolment.refused"}
    assert not (tmp_path / "boot/enrolment.toml").exists()


def test_every_way_to_fail_has_its_code(here: Here, tmp_path: Path) -> None:
    told: list[Report] = []
    first = boot_card(here, tmp_path, "eight", here.site.open, "AAAA-BBBB-CCCC", WRONG_PIN)
    first.step()
    assert joining_of(tmp_path, told, []).step(0.0) and first.step().key == "wrong_key"
    config = tmp_path / "lineside/gateway.toml"
    config.write_text(config.read_text().replace(WRONG_PIN, here.pin))
    before = here.asked()
    joining = joining_of(tmp_path, told, [])
    joining.step(0.0)
    assert first.step().key == joining.key == "wrong_code"
    joining.step(10.0)
    (tmp_path / "boot/enrolment.toml").write_text(f'code = "{here.code("eight")}"\n')
    first.step()
    assert joining.step(20.0) is None, "another code from the stick"

    def tried() -> list[str]:
        return re.findall(r'enrol HTTP/\S+" (\d+)', "\n".join(here.asked()[len(before) :]))

    # The proxy writes its log behind the answer.
    wait_for("the good code in the proxy's log", lambda: "200" in tried())
    assert tried() == ["403", "200"], "a refused code is not tried again: five tries would void the next one"


def test_an_answer_that_was_lost_costs_no_code(here: Here, tmp_path: Path) -> None:
    """The power was cut behind the server's commit, or the network in its answer."""
    done: list[bool] = []
    code = here.code("twelve")
    boot_card(here, tmp_path, "twelve", here.site.open, code, here.pin).step()
    keys = ClientKeys(tmp_path / "lineside", "twelve")
    lost = enrol(here.site.open, "twelve", code, pins=[here.pin], request=keys.request_again())
    assert joining_of(tmp_path, [], done).step(0.0) is None and done == [True]
    token = (tmp_path / "lineside/token").read_text().strip()
    assert token != lost.token
    with closing(here.exchange(token, keys)) as exchange:
        assert exchange.certificate_standing(keys.serial()).model_dump() == {"renew": False, "seen": True}
    with closing(here.exchange(lost.token, keys)) as exchange, pytest.raises(SinkRefused, match="401"):
        exchange.offer(Batch(gateway="twelve"))


def test_a_revoked_station_comes_back_by_a_new_code(here: Here, tmp_path: Path) -> None:
    token, keys = here.enrolled(tmp_path / "lineside", "thirteen")
    with closing(open_database(read_config(here.config))) as database, database.write() as session:
        revoke(session, database.plant, "thirteen", time.time())
    with closing(here.exchange(token, keys)) as exchange, pytest.raises(SinkRefused, match="revoked"):
        exchange.offer(Batch(gateway="thirteen"))
    done: list[bool] = []
    first = boot_card(here, tmp_path, "thirteen", here.site.open, here.code("thirteen"), here.pin)
    assert not first.step().done
    joining = joining_of(tmp_path, [], done)
    assert joining.begin() and joining.step(0.0) is None and done == [True]
    assert first.step().done
    token = (tmp_path / "lineside/token").read_text().strip()
    for shown in ("", token):
        with closing(here.exchange(shown, keys)) as exchange:
            assert exchange.offer(Batch(gateway="thirteen")).server


def test_a_name_that_was_taken_has_its_code_and_the_same_code_works_once_it_is_free(here: Here, tmp_path: Path) -> None:
    told: list[Report] = []
    done: list[bool] = []
    boot_card(here, tmp_path, "nine", here.site.open, here.code("nine"), here.pin).step()
    joining = joining_of(tmp_path, told, done)
    with closing(open_database(read_config(here.config))) as database:
        with database.write() as session:
            publish(session, MasterData(stations=(Station(id="nine", gateway="ten"),)), "test", time.time())
        joining.step(0.0)
        assert joining.key == "name_taken"
        assert any(isinstance(each, Told) and "7 · " in each.reason and "maintainer" in each.hint for each in told)
        with database.write() as session:
            publish(session, MasterData(), "test", time.time())
    assert joining.step(400.0) is None and done == [True]


def test_without_a_pin_a_stranger_is_refused_whatever_the_clock_says(here: Here, tmp_path: Path) -> None:
    first = boot_card(here, tmp_path, "eleven", here.site.open, "AAAA-BBBB-CCCC", here.pin)
    first.step()
    config = tmp_path / "lineside/gateway.toml"
    config.write_text(config.read_text().replace(f'pin = ["{here.pin}"]\n', ""))
    joining = joining_of(tmp_path, [], [])
    joining.step(0.0)
    assert joining.key == "refused", "the network's time would mend nothing"


def test_where_certificates_are_required_a_new_gateway_has_one(tmp_path: Path) -> None:
    extra = 'trusted_proxy = "127.0.0.1"\ngateway_certificates = "required"\n'
    with plant(tmp_path, extra) as (site, _, config, _):
        here = Here(site, config)
        token, keys = here.enrolled(tmp_path / "card", "one")
        with closing(here.exchange(token, keys)) as exchange:
            assert exchange.offer(Batch(gateway="one")).server
        plain = HttpExchange(site.open, token, pins=[here.pin])
        with closing(plain), pytest.raises(SinkRefused, match="certificate"):
            plain.offer(Batch(gateway="one"))
        told = CliRunner().invoke(central_group, ["ca", "missing", "--config", str(config)])
        assert (told.exit_code, told.output) == (0, "")

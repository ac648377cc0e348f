"""The papers tell the truth: drawn from the code, every link and file is there, every example can be used."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import aiomqtt
import pytest

from config.contacts import load_contacts
from config.load import load_settings
from config.orders import load_registry
from monitor.__main__ import main as run_command
from monitor.broker import free_port
from monitor.replay import transition_line
from monitor.wire import to_json
from scripts.pictures import incident

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *sorted(ROOT.glob("docs/**/*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]*)(#[^)\s]*)?\)")
OURS = "geofence|alerts|config|monitor|simulator|tests|scripts|deploy|docs|ops|benchmarks"
NAMED = re.compile(rf"`((?:{OURS})/[\w./-]*)`")
ADR = re.compile(r"ADR-(\d{4})|docs/adr/(\d{4})")
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"])


def broken_links(page: Path, text: str) -> list[str]:
    links = [target for target, _ in LINK.findall(text) if target and not re.match(r"[a-z]+:", target)]
    return [link for link in links if not (page.parent / link).exists()]


def missing_files(text: str) -> list[str]:
    return [name for name in NAMED.findall(text) if not (ROOT / name).exists() and "__pycache__" not in name]


def headings(text: str) -> set[str]:
    """The anchors of a page, as the usual hosts make them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def sources() -> Iterator[Path]:
    for package in OURS.split("|"):
        yield from (ROOT / package).rglob("*.py")
    yield ROOT / "pyproject.toml"


# --- pages ------------------------------------------------------------------------------------------------------------


def test_what_is_drawn_is_what_the_code_says(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "docs"), "--check"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr


WRONG = {
    "architecture.md": ("| `sos` | emergency |", "| `sos` | caution |"),
    "images/approach.svg": ("8:10 emergency", "8:15 emergency"),
    "images/p-over-distance.svg": ('class="level"', 'class="grid"'),
    "images/p-over-time.svg": ('class="red"', 'class="blue"'),
    "images/reach.svg": ("LOST after 156 s", "LOST after 200 s"),
}


def test_a_drawing_that_is_out_of_date_is_noticed(tmp_path: Path) -> None:
    for name in ("scripts", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("geofence", "alerts", "config", "monitor", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name, (drawn, wrong) in WRONG.items():
        page = tmp_path / "docs" / name
        assert drawn in page.read_text()
        page.write_text(page.read_text().replace(drawn, wrong))
    script = str(tmp_path / "scripts" / "docs")
    found = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr.splitlines()) == (1, [f"docs/{name} is out of date: run scripts/docs" for name in WRONG])
    assert subprocess.run([sys.executable, script], capture_output=True, check=False).returncode == 0
    assert [(tmp_path / "docs" / name).read_text() == (ROOT / "docs" / name).read_text() for name in WRONG] == [True] * len(WRONG)


@pytest.mark.parametrize("name", ["s01-he-comes-by-the-streets", "s09-a-silent-respondent"])
def test_a_picture_tells_what_the_golden_incident_tells(name: str) -> None:
    written = (ROOT / "tests" / "golden" / f"{name}.transitions.jsonl").read_bytes()
    assert b"".join(to_json(transition_line(t)) + b"\n" for t in incident(name).said) == written


def test_every_picture_is_shown_and_reads_by_day_and_by_night() -> None:
    shown = (ROOT / "docs" / "detection.md").read_text()
    pictures = sorted((ROOT / "docs" / "images").glob("*.svg"))
    assert len(pictures) == 4
    for path in pictures:
        ET.parse(path)
        assert f"](images/{path.name})" in shown
        assert "prefers-color-scheme:dark" in path.read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_file_of_a_page_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert broken_links(page, text) == []
    assert missing_files(text) == []
    assert [mark for target, mark in LINK.findall(text) if mark and not target and mark[1:] not in headings(text)] == []


def test_a_link_to_nowhere_would_be_noticed() -> None:
    assert broken_links(ROOT / "README.md", "[a](docs/none.md) [b](LICENSE) [c](https://example.org/x)") == ["docs/none.md"]
    assert missing_files("`geofence/none.py` `geofence/watch.py`") == ["geofence/none.py"]


def test_every_decision_that_the_code_names_is_written_down() -> None:
    named = {a or b for path in sources() if path != Path(__file__) for a, b in ADR.findall(path.read_text(encoding="utf-8"))}
    written = {path.name[:4] for path in (ROOT / "docs" / "adr").glob("0*.md")}
    assert named, "the code names decisions"
    assert named <= written


def test_every_decision_is_in_the_list() -> None:
    listed = (ROOT / "docs" / "adr" / "README.md").read_text()
    assert [path.name for path in sorted((ROOT / "docs" / "adr").glob("0*.md")) if f"({path.name})" not in listed] == []


# --- examples ---------------------------------------------------------------------------------------------------------


def test_the_example_orders_and_contacts_load() -> None:
    registry = load_registry(ROOT / "config" / "orders.example.toml")
    contacts = load_contacts(ROOT / "config" / "contacts.example.toml")
    persons = {order.protected for order in registry.orders}
    assert registry.orders
    assert set(contacts) <= persons | {one for contact in contacts.values() for one in contact.trusted}


def test_the_example_of_choosing_a_distance_prints_what_its_page_shows(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "feasibility.md").read_text()
    (command,) = re.findall(r"(?m)^\.venv/bin/resguardo (feasibility .*)$", page)
    monkeypatch.chdir(ROOT)
    assert run_command(command.split()) == 0
    assert capsys.readouterr().out.strip() in page


def test_the_example_settings_load_once_their_secrets_are_there(tmp_path: Path) -> None:
    text = (ROOT / "config" / "resguardo.example.toml").read_text()
    for name in ("broker.secret", "webhook.secret", "canary.secret", "feed.secret", "ca.pem"):
        (tmp_path / name).write_text("a secret of more than sixteen characters\n")
        (tmp_path / name).chmod(0o600)
    (tmp_path / "resguardo.toml").write_text(text.replace("/etc/resguardo/", f"{tmp_path}/"))
    settings = load_settings(tmp_path / "resguardo.toml", {})
    assert settings.broker.tls
    assert settings.broker.password


# --- the broker's part ------------------------------------------------------------------------------------------------


def listens(port: int, process: subprocess.Popen[bytes]) -> bool:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            continue
        return True
    return False


DEBIANS = """
pid_file DIRECTORY/mosquitto.pid
persistence true
persistence_location DIRECTORY/
log_dest file DIRECTORY/mosquitto.log
include_dir DIRECTORY/conf.d
"""  # the main file of Debian and Ubuntu, which reads ours last
ACCOUNTS = ("resguardo", "resguardo-canary", "brc-0001", "tag-0001", "p0001", "traccar")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[tuple[int, int, ssl.SSLContext]]:
    """mosquitto as in deploy/ beside Debian's main file, with certificates and accounts of its own: (devices' port, monitor's port, whom to trust)."""
    tools = [shutil.which(name, path=PATH) for name in ("mosquitto", "mosquitto_passwd", "openssl")]
    if None in tools:
        if os.environ.get("CI"):
            pytest.fail("mosquitto or openssl is not installed")
        pytest.skip("mosquitto or openssl is not installed")
    mosquitto, passwd, openssl = (str(tool) for tool in tools)
    devices, monitor = free_port(), free_port()
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    pair = ["-keyout", str(tmp_path / "broker.key"), "-out", str(tmp_path / "broker.pem")]
    subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *pair], check=True, capture_output=True)
    (tmp_path / "passwords").touch(mode=0o600)
    for account in ACCOUNTS:
        subprocess.run([passwd, "-b", str(tmp_path / "passwords"), account, "secret"], check=True, capture_output=True)
    shutil.copy(ROOT / "deploy" / "resguardo.acl", tmp_path)
    text = (ROOT / "deploy" / "mosquitto.conf").read_text()
    for old, new in (
        ("/etc/mosquitto/certs", str(tmp_path)),
        ("/etc/mosquitto", str(tmp_path)),
        ("listener 8883", f"listener {devices} 127.0.0.1"),
        ("listener 8884", f"listener {monitor}"),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "resguardo.conf").write_text(text)
    main = DEBIANS.replace("DIRECTORY", str(tmp_path))
    if os.getuid() == 0:
        main += "user root\n"  # as root mosquitto would drop to an account that cannot read this directory
    (tmp_path / "mosquitto.conf").write_text(main)
    process = subprocess.Popen([mosquitto, "-c", str(tmp_path / "mosquitto.conf")], stderr=subprocess.DEVNULL)
    try:
        assert listens(devices, process)
        assert listens(monitor, process)  # mosquitto opens its listeners one after the other
        yield devices, monitor, ssl.create_default_context(cafile=str(tmp_path / "broker.pem"))
    finally:
        process.terminate()
        process.wait(10)


async def said(port: int, trust: ssl.SSLContext, account: str, topic: str, client_id: str = "") -> None:
    """Publish once as `account`; a refusal may end the connection."""
    try:
        async with aiomqtt.Client("localhost", port, username=account, password="secret", identifier=client_id or account, tls_context=trust) as it:
            await it.publish(topic, account, qos=1)
    except aiomqtt.MqttError:
        assert topic.startswith(("v1/brc-0001", "positions")), "only a refusal may do that"


async def test_the_access_list_gives_each_device_its_own_topics_only(broker: tuple[int, int, ssl.SSLContext]) -> None:
    devices, monitor, trust = broker

    def listener(client_id: str) -> aiomqtt.Client:
        return aiomqtt.Client("localhost", monitor, username="resguardo", password="secret", identifier=client_id, tls_context=trust)

    async with listener("resguardo-protected") as pings, listener("resguardo-answers") as answers:
        for topic in ("v1/+/ping", "owntracks/+/+", "positions"):
            await pings.subscribe(topic, qos=1)
        await said(devices, trust, "tag-0001", "v1/brc-0001/ping", client_id="brc-0001")  # in another's name
        await said(devices, trust, "tag-0001", "positions")
        await said(monitor, trust, "resguardo-canary", "v1/brc-0001/ping")
        await said(monitor, trust, "resguardo-canary", "v1/canary-him/ping")
        await said(devices, trust, "brc-0001", "v1/brc-0001/ping")
        await said(devices, trust, "p0001", "owntracks/p0001/phone")
        await answers.publish("v1/brc-0001/alert", "an alert", qos=1)
        await said(devices, trust, "traccar", "positions")
        heard = []
        async with asyncio.timeout(10):
            async for message in pings.messages:
                heard.append((str(message.topic), message.payload))
                if message.payload == b"traccar":
                    break
    assert heard.pop(0) == ("v1/canary-him/ping", b"resguardo-canary")
    assert heard == [("v1/brc-0001/ping", b"brc-0001"), ("owntracks/p0001/phone", b"p0001"), ("positions", b"traccar")]


async def test_no_device_throws_another_off_by_its_client_id(broker: tuple[int, int, ssl.SSLContext]) -> None:
    devices, monitor, trust = broker
    bracelet = aiomqtt.Client("localhost", devices, username="brc-0001", password="secret", identifier="brc-0001", tls_context=trust)
    async with bracelet:
        await bracelet.subscribe("v1/brc-0001/alert", qos=1)
        await said(devices, trust, "tag-0001", "v1/tag-0001/ping", client_id="brc-0001")
        await said(monitor, trust, "resguardo", "v1/brc-0001/alert")
        async with asyncio.timeout(10):
            message = await anext(aiter(bracelet.messages))
    assert message.payload == b"resguardo"

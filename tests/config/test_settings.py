"""Promises of the settings: every fault at once and by name, secrets never in the file, defaults that are written down."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from alerts.ladder import DEFAULT_LADDER
from alerts.terms import Channel
from config.errors import BadInput
from config.load import load_settings
from config.settings import SECTIONS, Secret, Settings
from geofence.terms import Level

CONFIG = Path(__file__).parents[2] / "config"
SECRETS = {
    f"RESGUARDO_{key}": "0123456789abcdef"
    for key in ("BROKER__PASSWORD", "CANARY__PASSWORD", "DISPATCH__WEBHOOK_SECRET", "FEED__TOKEN", "TELEPHONE__AUTH_TOKEN")
}


def write(directory: Path, text: str) -> Path:
    path = directory / "resguardo.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(path: Path | None, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(BadInput) as caught:
        load_settings(path, environ or {})
    return str(caught.value).splitlines()


def test_without_a_file_everything_has_its_default() -> None:
    assert load_settings(None, {}) == Settings()


def test_the_file_of_defaults_names_every_key_with_its_default() -> None:
    text = (CONFIG / "default.toml").read_text(encoding="utf-8")
    uncommented = re.sub(r"(?m)^# ?(?=[a-z_]+ = )", "", text.split("\n# The ladder")[0])
    named = tomllib.loads(uncommented)
    for section, kind in SECTIONS.items():
        for f in fields(kind):
            secret = f"{f.name}_file" in named[section]
            assert secret or f.name in named[section], f"{section}.{f.name} is not in default.toml"
    in_force = load_settings(CONFIG / "default.toml", {"RESGUARDO_SERVICE__DATA_DIR": "data"})
    assert in_force == Settings()


def test_the_example_is_accepted_once_its_secrets_are_there() -> None:
    settings = load_settings(CONFIG / "resguardo.example.toml", SECRETS)
    assert (settings.broker.host, settings.broker.port) == ("localhost", 8884)
    assert (settings.service.orders, settings.service.contacts) == (Path("/etc/resguardo/orders.toml"), Path("/etc/resguardo/contacts.toml"))
    assert settings.feed.port


def test_every_fault_is_reported_at_once_with_file_line_and_key(tmp_path: Path) -> None:
    path = write(tmp_path, '[broker]\nport = 0\nhosst = "x"\ntls = "yes"\n\n[http]\nport = 1.5\n\n[extra]\na = 1\n[log]\nstyle = "loud"\n')
    found = faults(path, {"RESGUARDO_BROKER__PROT": "1"})
    starts = [re.sub(r"^.*/", "", line).split(": ")[0] for line in found]
    assert sorted(starts) == sorted(
        [
            "resguardo.toml:2 broker.port",
            "resguardo.toml:3 broker.hosst",
            "resguardo.toml:4 broker.tls",
            "resguardo.toml:7 http.port",
            "resguardo.toml:9 extra",
            "resguardo.toml:12 log.style",
            "environment RESGUARDO_BROKER__PROT",
        ]
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[service]\nlink_grace_s = nan\n", "finite"),
        ("[service]\nsnapshot_every_s = inf\n", "finite"),
        ("[broker]\nversion = 4\n", "one of 5, 311"),
        ('[broker]\npassword = "hunter2"\n', "a secret is never in this file"),
        ('[broker]\npassword_file = "absent"\n', "cannot be read"),
        ('[dispatch]\nwebhook_url = "ftp://x"\n', "http://"),
        ('[dispatch]\nwebhook_url = "https://user:word@host/"\n', "without user name"),
        ('[dispatch]\nwebhook_url = "https://host/"\n', "webhook_secret_file"),
        ('[telephone]\nfrom_number = "4421234567"\n', "E.164"),
        ('[telephone]\ncallback_listen = "127.0.0.1:9465"\n', "go together"),
        ('[telephone]\ncallback_listen = "127.0.0.1"\n', "host:port"),
        ('[telephone]\ncallback_listen = "[::1]:1"\npublic_url = "https://x"\n', "needs account_sid"),
        ("[telephone]\ncalls_per_s = 0\n", "between 0.1 and 100"),
        ('[dispatch]\ncalls = "desk"\n', "needs [telephone]"),
        ('[dispatch]\ncalls = "desk; rm"\n', "separated by spaces"),
        ('[[ladder.warning]]\nafter_s = 5\naudience = "dispatch"\nchannel = "voice"\n', "whose telephone"),
        ('[[ladder.warning]]\nafter_s = 5\naudience = "protected"\nchannel = "voice"\nperson = "P-1"\n', "dispatch and channel voice alone"),
        ('[broker]\ncert_file = "a.pem"\ntls = true\n', "go together"),
        ('[broker]\nhost = "/run/mqtt.sock"\ntls = true\n', "must be false for a Unix socket"),
        ("broker = 3\n", "unknown section"),
        ("[broker\n", "not TOML"),
        ("[[ladder.emergency]]\nafter_s = -1\n", "ladder.emergency[0].after_s"),
        ('[[ladder.warning]]\nafter_s = 0\naudience = "dispatch"\nchannel = "sms"\n', "does not lead to dispatch"),
        ('[[ladder.warning]]\nafter_s = 5\naudience = "protected"\nchannel = "bracelet"\n', "tells protected nothing at once"),
        ("[[ladder.calm]]\nafter_s = 0\n", "unknown key"),
    ],
)
def test_a_wrong_value_is_refused_in_words(tmp_path: Path, text: str, says: str) -> None:
    assert says in "\n".join(faults(write(tmp_path, text)))


FEED = "[feed]\nport = {}\n"
TWILIO = '[telephone]\naccount_sid = "AC{}"\nfrom_number = "+524421234567"\npublic_url = "https://x"\ncallback_listen = "127.0.0.1:{}"\n'


@pytest.mark.parametrize(
    ("text", "key", "other"),
    [
        (TWILIO.format("0" * 32, 9465) + FEED.format(9465), "feed.port", "telephone.callback_listen"),
        (TWILIO.format("0" * 32, 9464), "telephone.callback_listen", "http.port"),
        (FEED.format(9464), "feed.port", "http.port"),
        (FEED.format(8090), "dashboard.port", "feed.port"),
        (FEED.format(9466) + "[http]\nport = 7000\n[dashboard]\nport = 7000\n", "dashboard.port", "http.port"),
    ],
)
def test_two_parts_of_ours_never_listen_on_one_port(tmp_path: Path, text: str, key: str, other: str) -> None:
    (said,) = faults(write(tmp_path, text), SECRETS)
    assert re.search(rf" {key}: is \d+, and so is {other}: ", said)


@pytest.mark.parametrize("text", ["[http]\nport = 0\n[dashboard]\nport = 0\n" + FEED.format(9466), "[http]\nport = 8090\n"])
def test_any_free_port_and_a_console_that_does_not_run_share_nothing(tmp_path: Path, text: str) -> None:
    load_settings(write(tmp_path, text), SECRETS)


def test_no_two_ports_that_the_file_of_defaults_suggests_are_one() -> None:
    text = (CONFIG / "default.toml").read_text(encoding="utf-8").split("\n# The ladder")[0]
    named = tomllib.loads(re.sub(r"(?m)^# ?(?=[a-z_]+ = )", "", text))
    ports = [named[section]["port"] for section in ("http", "feed", "dashboard")]
    assert len({*ports, int(named["telephone"]["callback_listen"].split(":")[1])}) == 4


def test_a_fault_never_repeats_a_secret(tmp_path: Path) -> None:
    path = write(tmp_path, '[broker]\npassword = "hunter2"\n[dispatch]\nwebhook_url = "https://host/"\n')
    found = "\n".join(faults(path, {"RESGUARDO_DISPATCH__WEBHOOK_SECRET": "short"}))
    assert "hunter2" not in found
    assert "short" not in found


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    assert faults(tmp_path / "absent.toml") == [f"{tmp_path / 'absent.toml'}: No such file or directory"]


def test_the_environment_goes_before_the_file_and_is_checked_like_it(tmp_path: Path) -> None:
    path = write(tmp_path, '[broker]\nport = 1884\nhost = "from-file"\n')
    settings = load_settings(path, {"RESGUARDO_BROKER__PORT": "1885", "RESGUARDO_BROKER__TLS": "true", "OTHER": "x"})
    assert (settings.broker.port, settings.broker.host, settings.broker.tls) == (1885, "from-file", True)
    assert "RESGUARDO_BROKER__PORT: must be a whole number" in faults(None, {"RESGUARDO_BROKER__PORT": "many"})[0]


def test_a_secret_comes_from_its_file_or_the_environment_and_does_not_show(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("correct horse\n", encoding="utf-8")
    from_file = load_settings(write(tmp_path, '[broker]\npassword_file = "word"\n'), {})
    from_environment = load_settings(None, {"RESGUARDO_BROKER__PASSWORD": "correct horse"})
    for settings in (from_file, from_environment):
        assert settings.broker.password == Secret("correct horse")
        assert "correct" not in repr(settings)


def test_paths_count_from_the_file_that_names_them(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, '[service]\norders = "orders.toml"\ndata_dir = "/var/lib/resguardo"\n'), {})
    assert settings.service.orders == tmp_path / "orders.toml"
    assert settings.service.data_dir == Path("/var/lib/resguardo")
    assert load_settings(write(tmp_path, ""), {}).service.data_dir == tmp_path / "data", "also by default"


def test_an_empty_text_switches_off_what_has_a_default(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, '[broker]\ntraccar_topic = ""\n'), {}).broker.traccar_topic is None


def test_a_level_of_the_ladder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    rungs = "".join(
        f'[[ladder.warning]]\nafter_s = 0\naudience = "{a}"\nchannel = "{c}"\n'
        for a, c in (("protected", "bracelet"), ("dispatch", "console"))
    )
    ladder = load_settings(write(tmp_path, rungs), {}).ladder
    assert [rung.channel for rung in ladder[Level.WARNING]] == [Channel.BRACELET, Channel.CONSOLE]
    assert ladder[Level.EMERGENCY] == DEFAULT_LADDER[Level.EMERGENCY]

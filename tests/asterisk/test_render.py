"""What Asterisk is told, exactly, and that no value can tell it anything else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from callcenter.asterisk.exchange import Exchange
from callcenter.asterisk.render import Rendered, RenderError, configuration, render
from callcenter.asterisk.secrets import AsteriskSecrets, set_seat_password
from callcenter.numberplan.model import DialTarget, HeaderTrust, Trunk
from callcenter.settings import Settings


def trunk(
    name: str, host: str, port: int = 5060, *, channels: int = 30, reserved: int = 1
) -> Trunk:
    trust = HeaderTrust(asserted_identity=name == "mobile")
    return Trunk(
        name=name,
        title="线路",
        host=host,
        port=port,
        channels=channels,
        reserved=reserved,
        trust=trust,
    )


def way(trunk: str, digits: str) -> tuple[DialTarget, ...]:
    return (DialTarget(trunk=trunk, digits=digits),)


MOBILE = trunk("mobile", "127.0.9.2", 5062)
TELECOM = trunk("telecom", "127.0.9.3", channels=8, reserved=2)
EXCHANGE = Exchange(
    trunks=(MOBILE, TELECOM),
    seats=("seat01", "seat02"),
    emergencies={"110": way("telecom", "110") + way("mobile", "0519110")},
    rooms={"800": way("mobile", "87220000") + way("telecom", "87220000")},
    with_pin=("*11",),
    features=("*12", "*131"),
)
SECRETS = AsteriskSecrets("ari-word", "ami-word", {"seat01": "0a" * 16, "seat02": "0b" * 16})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "var", plan=tmp_path / "plan", sip_port=5070, ari_port=8188)


def section(text: str, name: str, kind: str | None = None) -> list[str]:
    """The lines of one section; of one type where several have the same name."""
    found = []
    for part in text.split("\n[")[1:]:
        title, _, body = part.partition("]\n")
        lines = [line for line in body.splitlines() if line and not line.startswith(";")]
        if title == name and (kind is None or f"type = {kind}" in lines):
            found.append(lines)
    assert len(found) == 1, f"{len(found)} sections [{name}]"
    return found[0]


def rendered(settings: Settings, exchange: Exchange = EXCHANGE) -> dict[str, str]:
    return configuration(settings, exchange, SECRETS)


def test_a_trunk_is_known_by_its_address_alone(settings: Settings) -> None:
    text = rendered(settings)["pjsip.conf"]
    endpoint = section(text, "trunk-mobile", "endpoint")
    assert "identify_by = ip" in endpoint
    assert "context = from-trunk-mobile" in endpoint
    assert "allow = alaw,ulaw" in endpoint
    assert not [line for line in endpoint if line.startswith("auth")]
    assert "match = 127.0.9.2" in section(text, "trunk-mobile", "identify")
    assert "contact = sip:127.0.9.2:5062" in section(text, "trunk-mobile", "aor")


@pytest.mark.parametrize(("trunk", "trusted"), [("mobile", "yes"), ("telecom", "no")])
def test_a_trunks_headers_are_trusted_as_the_plan_says(
    settings: Settings, trunk: str, trusted: str
) -> None:
    endpoint = section(rendered(settings)["pjsip.conf"], f"trunk-{trunk}", "endpoint")
    assert f"trust_id_inbound = {trusted}" in endpoint


def test_a_seat_needs_its_password_and_has_one_softphone(settings: Settings) -> None:
    text = rendered(settings)["pjsip.conf"]
    endpoint = section(text, "seat01", "endpoint")
    assert {"auth = seat01", "identify_by = username", "context = from-seat"} <= set(endpoint)
    assert {"max_contacts = 1", "remove_existing = yes"} <= set(section(text, "seat01", "aor"))
    assert f"password_digest = MD5:{'0a' * 16}" in section(text, "seat01", "auth")


def test_nobody_else_has_an_endpoint(settings: Settings) -> None:
    text = rendered(settings)["pjsip.conf"]
    assert text.count("type = endpoint") == 4
    assert "anonymous" not in text


def test_everything_listens_where_the_settings_say(settings: Settings) -> None:
    texts = rendered(settings)
    assert texts["pjsip.conf"].count("bind = 127.0.0.1:5070") == 2
    assert {"bindaddr = 127.0.0.1", "bindport = 8188"} <= set(texts["http.conf"].splitlines())
    assert {"bindaddr = 127.0.0.1", "port = 5038"} <= set(texts["manager.conf"].splitlines())
    assert {"rtpstart = 10000", "rtpend = 10999"} <= set(texts["rtp.conf"].splitlines())


def test_emergency_numbers_are_dialled_without_the_controller(settings: Settings) -> None:
    text = rendered(settings)["extensions.conf"]
    for context in ("from-trunk-mobile", "from-trunk-telecom", "from-seat"):
        start = section(text, context)
        at = next(i for i, line in enumerate(start) if line.startswith("exten => 110,1,"))
        assert start[at + 1] == " same => n,Goto(emergency,${EXTEN},1)"
    emergency = section(text, "emergency")
    dialled = [line.split("Dial(")[1].split(",")[0] for line in emergency if "Dial(" in line]
    assert dialled == ["PJSIP/110@trunk-telecom", "PJSIP/0519110@trunk-mobile"]
    assert not [line for line in emergency if "Stasis" in line]


def test_a_place_of_the_plan_is_called_by_its_number(settings: Settings) -> None:
    context = section(rendered(settings)["extensions.conf"], "from-seat")
    dialled = [line.split("Dial(")[1].split(",")[0] for line in context if "Dial(" in line]
    assert dialled == ["PJSIP/87220000@trunk-mobile", "PJSIP/87220000@trunk-telecom"]


def test_feature_codes_reach_the_controller_and_the_rest_is_refused(settings: Settings) -> None:
    context = section(rendered(settings)["extensions.conf"], "from-seat")
    starts = [line.split(",")[0] for line in context if line.startswith("exten")]
    assert starts == [
        "exten => 110",
        "exten => _*11XXX",
        "exten => *12",
        "exten => *131",
        "exten => _*42X!",
        "exten => 800",
        "exten => s",
        "exten => _[+*#0-9]!",
        "exten => _[A-Za-z].",
    ]


@pytest.mark.parametrize(
    "evil",
    [
        "x\nsame => n,System(id)",
        "x;y",
        "x]\n[y",
        "x,System(id)",
        "${SHELL(id)}",
        "x)&y",
        "x\0",
        '"',
    ],
)
@pytest.mark.parametrize("where", ["trunk", "host", "seat", "emergency", "room", "feature"])
def test_no_value_of_the_plan_can_add_configuration(
    settings: Settings, where: str, evil: str
) -> None:
    line = trunk(evil if where == "trunk" else "mobile", evil if where == "host" else "127.0.9.2")
    seat = evil if where == "seat" else "seat01"
    exchange = Exchange(
        trunks=(line,),
        seats=(seat,),
        emergencies={evil if where == "emergency" else "110": way("mobile", "110")},
        rooms={"800": way("mobile", evil if where == "room" else "1")},
        features=(evil if where == "feature" else "*12",),
    )
    with pytest.raises(RenderError, match="cannot be in Asterisk's configuration"):
        configuration(settings, exchange, AsteriskSecrets("a", "b", {seat: "0a"}))


def test_two_trunks_at_one_address_are_refused(settings: Settings) -> None:
    twin = trunk("twin", MOBILE.host)
    with pytest.raises(RenderError, match="give each its own"):
        configuration(settings, Exchange(trunks=(MOBILE, twin)), SECRETS)


def test_only_what_changed_is_written_and_its_module_is_named(settings: Settings) -> None:
    assert "modules.conf" in render(settings, EXCHANGE).changed
    assert render(settings, EXCHANGE) == Rendered(())
    set_seat_password(settings, "seat01", "another word")
    again = render(settings, EXCHANGE)
    assert again.changed == ("pjsip.conf",)
    assert again.reloads == ("res_pjsip",)
    assert not again.needs_restart


def test_a_new_port_needs_a_restart(settings: Settings) -> None:
    render(settings, EXCHANGE)
    moved = settings.model_copy(update={"ari_port": 8189})
    assert render(moved, EXCHANGE).needs_restart


def test_prompts_and_music_are_where_asterisk_may_read_them(settings: Settings) -> None:
    (settings.plan / "ivr_prompts" / "music").mkdir(parents=True)
    (settings.plan / "ivr_prompts" / "greeting.wav").write_bytes(b"hello")
    (settings.plan / "ivr_prompts" / "music" / "waiting.wav").write_bytes(b"la la")
    assert "res_musiconhold" in render(settings, EXCHANGE).reloads
    assert (settings.sounds / "greeting.wav").read_bytes() == b"hello"
    assert (settings.sounds / "music" / "waiting.wav").read_bytes() == b"la la"
    (settings.plan / "ivr_prompts" / "greeting.wav").write_bytes(b"good day")
    assert render(settings, EXCHANGE) == Rendered(())
    assert (settings.sounds / "greeting.wav").read_bytes() == b"good day"


def test_files_with_passwords_are_not_for_everybody(settings: Settings) -> None:
    render(settings, EXCHANGE)
    for name in ("pjsip.conf", "ari.conf", "manager.conf"):
        mode = (settings.asterisk / "etc" / name).stat().st_mode
        assert stat.S_IMODE(mode) & 0o007 == 0
    assert stat.S_IMODE((settings.asterisk / "etc").stat().st_mode) == 0o750

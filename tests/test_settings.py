"""Settings come from the environment, and a wrong one is told by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.settings import PROJECT, Settings, SettingsError, load_settings


def test_by_default_everything_is_on_this_machine_only() -> None:
    settings = Settings()
    assert settings.data == PROJECT / "var"
    assert settings.web_url == "http://127.0.0.1:8080"
    assert (str(settings.sip_host), settings.sip_port) == ("127.0.0.1", 5060)


def test_a_child_process_gets_the_same_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings(data=Path("/srv/callcenter"), web_port=8081).rehearsing(-3600.5)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


def test_a_rehearsal_has_data_of_its_own(tmp_path: Path) -> None:
    rehearsal = Settings(data=tmp_path).rehearsing(60.0)
    assert rehearsal.data == tmp_path / "rehearsal"
    assert rehearsal.clock_offset == 60.0
    assert rehearsal.queue_log.is_relative_to(rehearsal.data)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("WEB_PORT", "http", "CALLCENTER_WEB_PORT: "),
        ("SIP_PORT", "70000", "CALLCENTER_SIP_PORT: "),
        ("SIP_HOST", "here", "CALLCENTER_SIP_HOST: "),
        ("DATA", "/srv/a;b", "CALLCENTER_DATA: /srv/a;b has a character"),
        ("DATA", f"/srv/{'x' * 90}", "CALLCENTER_DATA: .* is too long"),
        ("RTP_LAST", "10001", "CALLCENTER_RTP_LAST: 10001 leaves no ports"),
    ],
)
def test_a_wrong_setting_is_told_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"CALLCENTER_{name}", value)
    with pytest.raises(SettingsError, match=says):
        load_settings()

"""Settings come from the environment, and a wrong one is told by its name."""

from __future__ import annotations

from pathlib import Path
from traceback import format_exception

import pytest
from pydantic import SecretStr

from callcenter.settings import PROJECT, Settings, SettingsError, load_settings
from callcenter.store.orders import OrderStore


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
    assert rehearsal.backup_hours == 0, "nobody backs it up"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("WEB_PORT", "http", "CALLCENTER_WEB_PORT: "),
        ("SIP_PORT", "70000", "CALLCENTER_SIP_PORT: "),
        ("SIP_HOST", "here", "CALLCENTER_SIP_HOST: "),
        ("DATA", "/srv/a;b", "CALLCENTER_DATA: /srv/a;b has a character"),
        ("DATA", f"/srv/{'x' * 90}", "CALLCENTER_DATA: .* is too long"),
        ("RTP_LAST", "10001", "CALLCENTER_RTP_LAST: 10001 leaves no ports"),
        ("ORDERS_DAYS", "7", "CALLCENTER_ORDERS_DAYS: 7 days are too few"),
        ("LOGS_DAYS", "-1", "CALLCENTER_LOGS_DAYS: "),
        ("BACKUP_HOURS", "-1", "CALLCENTER_BACKUP_HOURS: "),
        ("ORDERS_URL", "orders.db", "CALLCENTER_ORDERS_URL: this is no address of a database"),
        ("ORDERS_URL", "mysql://host/callcenter", "mysql:// is not known, only postgresql://"),
        ("ORDERS_URL", "postgresql://host", "names no database: write it like postgresql://"),
        ("ORDERS_URL", "postgresql://host:0/callcenter", "0 is no port"),
        ("ORDERS_URL", "postgresql://host/callcenter?sslmode=require", "sslmode= is not known"),
        ("ORDERS_URL", "postgresql://host/callcenter?ssl=yes", "ssl= must be one of disable, "),
    ],
)
def test_a_wrong_setting_is_told_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"CALLCENTER_{name}", value)
    with pytest.raises(SettingsError, match=says):
        load_settings()


PASSWORD = "geheim"
ADDRESS = f"postgresql://callcenter:{PASSWORD}@db.example:6432/callcenter?ssl=require"


def test_orders_go_to_the_data_folder_or_where_the_address_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert str(OrderStore.of(Settings(data=tmp_path))) == str(tmp_path / "orders.db")
    monkeypatch.setenv("CALLCENTER_ORDERS_URL", ADDRESS)
    url = OrderStore.of(load_settings()).engine.url
    assert (url.drivername, url.host, url.port) == ("postgresql+asyncpg", "db.example", 6432)
    assert (url.password, url.database) == (PASSWORD, "callcenter")


def test_a_rehearsals_orders_are_never_in_the_real_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rehearsal = Settings(data=Path("/srv/callcenter"), orders_url=SecretStr(ADDRESS)).rehearsing(
        60.0
    )
    monkeypatch.setenv("CALLCENTER_ORDERS_URL", ADDRESS)
    for name, value in rehearsal.environment().items():
        monkeypatch.setenv(name, value)
    assert str(OrderStore.of(load_settings())) == "/srv/callcenter/rehearsal/orders.db"


def test_a_child_process_gets_the_address_with_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings(orders_url=SecretStr(ADDRESS))
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


def test_a_password_is_shown_nowhere() -> None:
    settings = Settings(orders_url=SecretStr(ADDRESS))
    store = OrderStore.of(settings)
    assert (
        str(store) == "postgresql+asyncpg://callcenter:***@db.example:6432/callcenter?ssl=require"
    )
    for shown in (repr(settings), str(settings), repr(store), repr(store.engine)):
        assert PASSWORD not in shown


@pytest.mark.parametrize("given", ["oracle://me:geheim@db/x", "postgresql://me:geheim@db"])
def test_a_password_is_not_in_an_error_either(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("CALLCENTER_ORDERS_URL", given)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert PASSWORD not in "".join(format_exception(refused.value))

"""Each alarm begins and ends once, and is remembered."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from callcenter.alarms import MOST_KEPT, Alarm, Alarms
from callcenter.web.health import Health, Part


class Service:
    """Parts that fail, and the time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.ill: dict[str, str] = {}
        """Text by part."""
        self.alarms = Alarms(self.health, lambda: self.now)

    def health(self) -> Health:
        return Health(
            parts=tuple(
                Part(name=name, ok=name not in self.ill, needed=False, text=self.ill.get(name, ""))
                for name in ("journal", "store", "attacks")
            )
        )

    def looks(self, *ill: str, after: float = 10.0) -> list[tuple[object, ...]]:
        """Time passes, these parts are ill then; what is logged."""
        self.now += after
        self.ill = {name: f"{name} at {self.now:.0f}" for name in ill}
        with capture_logs() as logged:
            self.alarms.look()
        return [tuple(line.values()) for line in logged]


@pytest.fixture
def service() -> Service:
    return Service()


def test_while_all_is_well_there_is_none(service: Service) -> None:
    assert service.looks() == []
    assert service.alarms.latest == ()


def test_it_is_raised_once_and_over_once(service: Service) -> None:
    (raised,) = service.looks("store")
    assert {"alarm_raised", "store", "store at 1010"} <= {*raised}
    assert service.looks("store") == []
    (over,) = service.looks()
    assert {"alarm_over", "store", 20} <= {*over}
    assert service.looks() == []
    assert service.alarms.latest == (Alarm("store", "store at 1020", 1010.0, 1030.0),)


def test_each_part_has_its_own_and_what_goes_on_comes_first(service: Service) -> None:
    service.looks("store")
    service.looks("store", "journal")
    service.looks("journal")
    service.looks("journal", "attacks")
    told = [(each.part, each.since, each.until) for each in service.alarms.latest]
    assert told == [
        ("attacks", 1040.0, None),
        ("journal", 1020.0, None),
        ("store", 1010.0, 1030.0),
    ]


def test_what_comes_again_is_another_one(service: Service) -> None:
    for _ in range(2):
        service.looks("attacks")
        service.looks()
    assert [each.since for each in service.alarms.latest] == [1030.0, 1010.0]


def test_only_so_many_are_kept(service: Service) -> None:
    for _ in range(MOST_KEPT + 1):
        service.looks("store", after=1.0)
        service.looks(after=1.0)
    assert len(service.alarms.latest) == MOST_KEPT
    assert service.alarms.latest[-1].since == 1003.0

"""What the wallboard shows: today's sums, this moment's callers and operators, and alarms.

`BoardView` is a value: two that are equal look the same, so a page is sent only what changed.
Times on it tick in the browser, from the server's clock. No caller's number is on it. Who listens
to whom is shown to team leaders alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from callcenter.calls.wallboard import OperatorLine, OperatorStatus, QueueLine, Wallboard
from callcenter.staff.audit import act_title
from callcenter.web.health import Health
from callcenter.web.states import STATE_TITLES

RECOVERY_SECONDS = 30.0
"""An alarm stays until its cause has been gone for so long."""

MOST_ALARMS = 4
"""Side by side; the gravest come first, and the lamps below tell the others."""
MOST_TILES = 20
"""As many as there are seats (R60)."""


class Level(StrEnum):
    """How a figure stands to its thresholds."""

    CALM = "calm"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Limits:
    """From where a figure is yellow, and from where red."""

    yellow: float
    red: float

    def above(self, value: float) -> Level:
        """For a figure that should be small: over the limit is bad."""
        if value > self.red:
            return Level.RED
        return Level.YELLOW if value > self.yellow else Level.CALM

    def below(self, value: float) -> Level:
        """For a figure that should be large: under the limit is bad."""
        if value < self.red:
            return Level.RED
        return Level.YELLOW if value < self.yellow else Level.CALM


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Of each figure. Shares in per cent, times in seconds."""

    waiting: Limits = Limits(2, 5)
    longest_wait: Limits = Limits(30, 60)
    connect_rate: Limits = Limits(95, 90)
    in_15s_rate: Limits = Limits(80, 70)
    ready_while_waiting: Limits = Limits(2, 1)
    talking: Limits = Limits(480, 960)
    wrap_up: Limits = Limits(90, 180)


@dataclass(frozen=True, slots=True)
class Figure:
    """One large figure."""

    key: str
    title: str
    text: str
    unit: str = ""
    level: Level = Level.CALM
    since: float | None = None
    """The figure is the time since then, and ticks."""
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """A part of today's calls. All of them add up to the calls offered."""

    key: str
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many operators are in a state."""

    key: str
    title: str
    count: int
    level: Level = Level.CALM


@dataclass(frozen=True, slots=True)
class Tile:
    """One operator, always at the same place."""

    number: str
    name: str
    seat: str | None
    state: OperatorStatus
    title: str
    reason: str | None
    since: float | None
    level: Level
    heard: str | None = None
    """How a team leader takes part in their talk: 监听."""
    takes_part: str | None = None
    """How they take part in whose talk as a team leader: 监听 011."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One queue of several."""

    name: str
    title: str
    waiting: int
    since: float | None
    """The longest wait, which ticks."""
    ready: int
    signed_in: int
    level: Level


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that somebody should act on now."""

    key: str
    level: Level
    title: str
    detail: str
    since: float | None = None
    """The title ends with the time since then."""


@dataclass(frozen=True, slots=True)
class Lamp:
    """One part of the service."""

    title: str
    ok: bool
    since: float | None


@dataclass(frozen=True, slots=True)
class BoardView:
    """Everything that is shown, apart from the ticking times."""

    alarms: tuple[Alarm, ...]
    heroes: tuple[Figure, ...]
    offered: int
    sums: tuple[Share, ...]
    shares: tuple[Share, ...]
    states: tuple[StateCount, ...]
    signed_in: int
    operators: int
    tiles: tuple[Tile, ...]
    lamps: tuple[Lamp, ...]
    queues: tuple[QueueRow, ...] = ()
    """Empty where there is one only: the large figures are that one's."""


SHARE_TITLES = (
    ("answered", "接通"),
    ("abandoned", "放弃"),
    ("timed_out", "等待超时"),
    ("forwarded", "已转接"),
    ("forward_failed", "转接未通"),
    ("announced", "语音告知"),
    ("voice_mail", "语音留言"),
    ("rejected", "已停用号码"),
    ("emergency", "紧急转出"),
    ("callback", "预约回电"),
    ("interrupted", "故障中断"),
    ("in_progress", "进行中"),
)
"""Every outcome, and the calls without one yet."""

PART_TITLES = {
    "asterisk": "电话交换",
    "journal": "通话日志",
    "store": "工单库",
    "queue_log": "排队日志",
    "recordings": "录音",
    "retention": "个人信息清除",
    "backup": "备份",
    "clock": "时钟",
    "plan": "号码方案",
    "trunks": "中继线路",
    "attacks": "外部攻击",
    "core": "话务逻辑",
}
"""What staff call the parts of /healthz."""


_ALARM_DETAILS = {
    "attacks": "通话照常，请通知技术值班",
    "journal": "通话照常，勿停机，请通知技术值班",
    "store": "通话照常，请通知技术值班",
    "queue_log": "通话照常，请通知技术值班",
    "recordings": "通话照常，请通知技术值班",
    "retention": "通话照常，请通知技术值班",
    "backup": "通话照常，请通知技术值班",
    "clock": "通话照常，请通知技术值班",
    "trunks": "来话照常，请通知技术值班",
}
"""What is at stake, where it is not the calls."""


@dataclass(slots=True)
class AlarmKeeper:
    """Keeps an alarm on the board until its cause has been gone for 30 s."""

    _kept: dict[str, tuple[Alarm, float]] = field(default_factory=dict)

    def update(self, raised: Iterable[Alarm], now: float) -> tuple[Alarm, ...]:
        """The alarms to show at `now`; red ones first."""
        for alarm in raised:
            self._kept[alarm.key] = (alarm, now)
        shown = []
        for key, (alarm, last) in list(self._kept.items()):
            if last == now:
                shown.append(alarm)
            elif 0 <= now - last < RECOVERY_SECONDS:
                gone = Alarm(alarm.key, Level.CALM, alarm.title.split(" ")[0], "刚刚恢复")
                shown.append(gone)
            else:
                del self._kept[key]
        order = [Level.RED, Level.YELLOW, Level.CALM]
        return tuple(sorted(shown, key=lambda alarm: (order.index(alarm.level), alarm.key)))


def board_view(
    board: Wallboard, health: Health, keeper: AlarmKeeper, *, for_leaders: bool = False
) -> BoardView:
    """What to show of these figures; `for_leaders`: also who takes part in whose talk."""
    limits = Thresholds()
    shares = tuple(Share(key, title, getattr(board, key)) for key, title in SHARE_TITLES)
    return BoardView(
        alarms=keeper.update(_alarms(board, health, limits), board.at)[:MOST_ALARMS],
        heroes=_heroes(board, limits),
        offered=board.offered,
        sums=_sums(board),
        shares=shares,
        states=_states(board, limits),
        signed_in=sum(line.state is not OperatorStatus.OFFLINE for line in board.operators),
        operators=len(board.operators),
        tiles=_tiles(board, limits, for_leaders=for_leaders),
        lamps=tuple(
            Lamp(PART_TITLES.get(part.name, part.name), part.ok, part.since)
            for part in health.parts
        ),
        queues=_queues(board, limits),
    )


def reached(board: Wallboard) -> int:
    """The ended calls that were to reach an operator: what connect rates are a share of."""
    return board.answered + board.abandoned + board.timed_out + board.interrupted


def _heroes(board: Wallboard, limits: Thresholds) -> tuple[Figure, ...]:
    since = board.longest_wait_since
    waited = 0.0 if since is None else board.at - since
    wait, long = limits.waiting, limits.longest_wait
    to_call = (f"另待回电 {board.callbacks_open} 人",) if board.callbacks_open else ()
    return (
        Figure(
            key="waiting",
            title="等待",
            text=str(board.waiting),
            unit="人",
            level=wait.above(board.waiting),
            hints=(*to_call, f"≥ {wait.red + 1:g} 红", f"≥ {wait.yellow + 1:g} 黄"),
        ),
        Figure(
            key="longest_wait",
            title="最长等待",
            text="0:00",
            level=long.above(waited),
            since=since,
            hints=(f"> {long.red:g} 秒红", f"> {long.yellow:g} 秒黄"),
        ),
        _rate("connect_rate", "接通率", board.answered, reached(board), limits.connect_rate),
        _rate(
            "in_15s_rate",
            "15 秒接通率",
            board.answered_in_15s,
            reached(board),
            limits.in_15s_rate,
        ),
    )


def _rate(key: str, title: str, part: int, whole: int, limits: Limits) -> Figure:
    target = f"目标 ≥ {limits.yellow:g}%"
    if whole == 0:
        return Figure(key, title, "–", hints=(target, "尚无结果"))
    rate = 100 * part / whole
    # Never rounded up: 94.96 % has not reached 95.
    text = "100" if part == whole else f"{int(rate * 10) / 10:.1f}"
    return Figure(key, title, text, "%", limits.below(rate), hints=(target, f"{part} / {whole}"))


def _sums(board: Wallboard) -> tuple[Share, ...]:
    named = board.answered + board.abandoned + board.in_progress
    return (
        Share("answered", "接通", board.answered),
        Share("abandoned", "放弃", board.abandoned),
        Share("other", "其他去向", board.offered - named),
        Share("in_progress", "进行中", board.in_progress),
    )


def _queues(board: Wallboard, limits: Thresholds) -> tuple[QueueRow, ...]:
    if len(board.queues) < 2:
        return ()
    return tuple(_queue(line, board.at, limits) for line in board.queues)


def _queue(line: QueueLine, now: float, limits: Thresholds) -> QueueRow:
    since = line.longest_wait_since
    worst = [limits.waiting.above(line.waiting)]
    if since is not None:
        worst.append(limits.longest_wait.above(now - since))
    level = next((each for each in (Level.RED, Level.YELLOW) if each in worst), Level.CALM)
    return QueueRow(line.name, line.title, line.waiting, since, line.ready, line.signed_in, level)


def _states(board: Wallboard, limits: Thresholds) -> tuple[StateCount, ...]:
    counts = Counter(line.state for line in board.operators)
    ready = _ready_level(board, limits)
    return tuple(
        StateCount(
            state, title, counts[state], ready if state is OperatorStatus.READY else Level.CALM
        )
        for state, title in STATE_TITLES.items()
    )


def _ready_level(board: Wallboard, limits: Thresholds) -> Level:
    if board.waiting == 0:
        return Level.CALM
    ready = sum(line.state is OperatorStatus.READY for line in board.operators)
    return limits.ready_while_waiting.below(ready)


def _tiles(board: Wallboard, limits: Thresholds, *, for_leaders: bool) -> tuple[Tile, ...]:
    """All operators; where they are too many for one screen, only those who are there.

    For team leaders it is told who takes part in whose talk.
    """
    lines = board.operators
    if len(lines) > MOST_TILES:
        lines = tuple(line for line in lines if line.state is not OperatorStatus.OFFLINE)
    tiles = {line.number: _tile(line, board.at, limits) for line in lines}
    for line in board.operators if for_leaders else ():
        part = line.supervision
        if part is None or part.since is None:
            continue
        how = act_title(part.mode)
        if line.number in tiles:
            tiles[line.number] = replace(tiles[line.number], heard=how)
        if part.by in tiles:
            tiles[part.by] = replace(tiles[part.by], takes_part=f"{how} {line.number}")
    return tuple(tiles.values())


def _tile(line: OperatorLine, now: float, limits: Thresholds) -> Tile:
    level = Level.CALM
    if line.state is OperatorStatus.TALKING:
        level = limits.talking.above(now - line.since)
    elif line.state is OperatorStatus.WRAP_UP:
        level = limits.wrap_up.above(now - line.since)
    offline = line.state is OperatorStatus.OFFLINE
    return Tile(
        number=line.number,
        name=line.name,
        seat=line.seat_title or line.seat,
        state=line.state,
        title=STATE_TITLES[line.state],
        reason=line.reason,
        since=None if offline or not line.since else line.since,
        level=level,
    )


def _alarms(board: Wallboard, health: Health, limits: Thresholds) -> Iterable[Alarm]:
    level = limits.waiting.above(board.waiting)
    if level is Level.RED:
        yield Alarm("waiting", level, f"等待 {board.waiting} 人", f"超过 {limits.waiting.red:g} 人")
    since = board.longest_wait_since
    if since is not None and limits.longest_wait.above(board.at - since) is Level.RED:
        detail = f"超过 {limits.longest_wait.red:g} 秒"
        yield Alarm("longest_wait", Level.RED, "最长等待 ", detail, since)
    if _ready_level(board, limits) is Level.RED:
        yield Alarm("ready", Level.RED, "接听 无人示闲", f"等待 {board.waiting} 人")
    for part in health.parts:
        if not part.ok:
            title = PART_TITLES.get(part.name, part.name)
            level = Level.RED if part.needed else Level.YELLOW
            detail = _ALARM_DETAILS.get(part.name, "请通知技术值班")
            what = "已设防" if part.name == "attacks" else "异常"
            yield Alarm(f"part_{part.name}", level, f"{title} {what}", detail)

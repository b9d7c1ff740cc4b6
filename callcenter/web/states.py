"""What staff call the operators' states."""

from __future__ import annotations

from callcenter.calls.wallboard import OperatorStatus

STATE_TITLES = {
    OperatorStatus.READY: "示闲",
    OperatorStatus.RINGING: "振铃",
    OperatorStatus.CALLING: "外呼",
    OperatorStatus.TALKING: "通话",
    OperatorStatus.WRAP_UP: "整理",
    OperatorStatus.NOT_READY: "示忙",
    OperatorStatus.OFFLINE: "离线",
}

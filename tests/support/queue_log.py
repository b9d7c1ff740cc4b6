"""The form of Asterisk's queue_log, for lines of whatever file."""

from __future__ import annotations

import re

# As app_queue of Asterisk 22 prints them: field by field, numbers in plain digits.
_CALL = r"\d+\.\d+"
_WAIT = r"\d+\|\d+\|\d+"
_EVENTS = {
    "ENTERQUEUE": rf"{_CALL}\|[^|]+\|NONE\|ENTERQUEUE\|[^|]*\|[^|]*\|\d+",
    "RINGNOANSWER": rf"{_CALL}\|[^|]+\|[^|]+\|RINGNOANSWER\|\d+",
    "RINGCANCELED": rf"{_CALL}\|[^|]+\|[^|]+\|RINGCANCELED\|\d+",
    "CONNECT": rf"{_CALL}\|[^|]+\|[^|]+\|CONNECT\|\d+\|[^|]+\|\d+",
    "COMPLETECALLER": rf"{_CALL}\|[^|]+\|[^|]+\|COMPLETECALLER\|{_WAIT}",
    "COMPLETEAGENT": rf"{_CALL}\|[^|]+\|[^|]+\|COMPLETEAGENT\|{_WAIT}",
    "BLINDTRANSFER": rf"{_CALL}\|[^|]+\|[^|]+\|BLINDTRANSFER\|[^|]+\|[^|]+\|{_WAIT}",
    "ATTENDEDTRANSFER": rf"{_CALL}\|[^|]+\|[^|]+\|ATTENDEDTRANSFER\|BRIDGE\|[^|]+\|{_WAIT}",
    "ABANDON": rf"{_CALL}\|[^|]+\|NONE\|ABANDON\|{_WAIT}",
    "EXITWITHTIMEOUT": rf"{_CALL}\|[^|]+\|NONE\|EXITWITHTIMEOUT\|{_WAIT}",
    "EXITWITHKEY": rf"{_CALL}\|[^|]+\|NONE\|EXITWITHKEY\|[^|]*\|{_WAIT}",
    "WITHDRAW": rf"{_CALL}\|[^|]+\|NONE\|WITHDRAW\|{_WAIT}\|.{{0,40}}",
    "ADDMEMBER": r"[^|]+\|[^|]+\|[^|]+\|ADDMEMBER\|(PAUSED)?",
    "REMOVEMEMBER": r"[^|]+\|[^|]+\|[^|]+\|REMOVEMEMBER\|",
    "PAUSE": r"NONE\|[^|]+\|[^|]+\|PAUSE\|[^|]*",
    "UNPAUSE": r"NONE\|[^|]+\|[^|]+\|UNPAUSE\|[^|]*",
    "QUEUESTART": r"NONE\|NONE\|NONE\|QUEUESTART\|",
    "CONFIGRELOAD": r"NONE\|NONE\|NONE\|CONFIGRELOAD\|",
}
GRAMMAR = re.compile(r"\d{10}\|(" + "|".join(_EVENTS.values()) + ")")

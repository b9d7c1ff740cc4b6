"""Files as Asterisk leaves them in its spool."""

from __future__ import annotations

import os
import wave
from pathlib import Path

CALL = "1511317865.7"
"""Began at 2017-11-22 10:31:05 in Asia/Shanghai, as Asterisk's ids tell."""
FILE = f"2017/11/22/{CALL}.wav"


def write_sound(file: Path, seconds: float = 1.5, *, sample: int = 1) -> Path:
    """A whole recording."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(8000)
        opened.writeframes(sample.to_bytes(2, "little") * int(8000 * seconds))
    return file


def cut_off(file: Path) -> Path:
    """What a killed Asterisk leaves of it: both lengths 0."""
    with file.open("rb+") as opened:
        for place in (4, 40):
            opened.seek(place)
            opened.write(bytes(4))
    return file


def idle(file: Path, seconds: float = 60.0) -> Path:
    """As if nobody had written to it for so long."""
    then = file.stat().st_mtime - seconds
    os.utime(file, (then, then))
    return file

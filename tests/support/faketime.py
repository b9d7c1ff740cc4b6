"""A machine whose clock somebody sets, for the processes of one server (libfaketime)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FakeTime:
    """Their clock is the real one and what `file` says; seconds since the boot count as ever."""

    file: Path

    def set(self, by: int) -> None:
        """From now on their clock is so many seconds ahead of the real one."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{by:+d}\n", encoding="ascii")
        new.replace(self.file)  # whoever reads it reads one or the other

    @property
    def environment(self) -> dict[str, str]:
        """What the processes need."""
        library = next(Path("/usr/lib").glob("*-linux-*/faketime/libfaketimeMT.so.1"))
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

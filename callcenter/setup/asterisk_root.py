"""An Asterisk where Debian ships none: a folder with Debian's forky suite's, made by mmdebstrap.

asterisk/process.py runs it from there in a mount namespace of its own. The version matters: below
22.10 pure ARI deadlocks under load (asterisk#1962).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from callcenter.setup.apt import mirror
from callcenter.setup.steps import PROJECT, run, timed

OLDEST = (22, 10)
USER = "asterisk"
UID = 5060
"""Fixed, so that no account of the machine has the same one."""
HOST_NAME = "callcenter"
"""What the machine is called inside: process.py sets it, and `hosts` knows it, so that Asterisk
never asks the network for its own name in the middle of a call."""

_STAMP = "etc/callcenter-root"
_HOOK = f"""\
set -e
echo '{USER}:x:{UID}:{UID}:Asterisk:/var/lib/asterisk:/usr/sbin/nologin' >> "$1/etc/passwd"
echo '{USER}:x:{UID}:' >> "$1/etc/group"
"""
_FINISH = f"""\
set -e
printf '127.0.0.1 localhost {HOST_NAME}\\n::1 localhost\\n' > "$1/etc/hosts"
sed -i 's/^hosts:.*/hosts: files/' "$1/etc/nsswitch.conf"
"""
_RECIPE = (
    "--quiet",
    "--mode=root",
    "--variant=minbase",
    "--include=asterisk,asterisk-modules,ca-certificates",
    '--aptopt=APT::Install-Recommends "false"',
    # A frozen mirror's Release file is past its date; inside this root only.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    f"--essential-hook={_HOOK}",
    f"--customize-hook={_FINISH}",
    "forky",
)


def default_root() -> Path:
    """Where the root is: the setting CALLCENTER_ASTERISK_ROOT, else in the project's `var`."""
    return Path(os.environ.get("CALLCENTER_ASTERISK_ROOT") or PROJECT / "var" / "asterisk-root")


def system_asterisk() -> Path | None:
    """The machine's own Asterisk, if it is new enough."""
    path = shutil.which("asterisk", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if path is None:
        return None
    answer = subprocess.run([path, "-V"], stdout=subprocess.PIPE, text=True, check=False).stdout
    return Path(path) if version(answer) >= OLDEST else None


def version(answer: str) -> tuple[int, int]:
    """Major and minor of what `asterisk -V` answers; (0, 0) where it cannot be read."""
    found = re.search(r"Asterisk (\d+)\.(\d+)", answer)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def is_made(root: Path) -> bool:
    """Whether the root is there, whole, and made by this recipe."""
    stamp = root / _STAMP
    return stamp.is_file() and stamp.read_text() == "\n".join(_RECIPE)


def make(root: Path) -> None:
    """Make the root beside its place and move it there when whole. Needs root and mmdebstrap."""
    part = root.with_name(f"{root.name}.part")
    with timed(f"making an Asterisk in {root}"):
        _remove(part)
        part.parent.mkdir(parents=True, exist_ok=True)
        run(["mmdebstrap", *_RECIPE, part, mirror()])
        (part / _STAMP).write_text("\n".join(_RECIPE))
        _remove(root)
        part.rename(root)


def _remove(folder: Path) -> None:
    run(["rm", "-rf", "--one-file-system", folder])

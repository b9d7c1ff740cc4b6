"""`script/bootstrap [--test] [--without-asterisk]`: install what is missing, and only that."""

from __future__ import annotations

import argparse
import fcntl
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from callcenter.setup import apt, asterisk_root, python_env, web_ui
from callcenter.setup.steps import PROJECT, SetupError, is_root


def main() -> int:
    """Set up; return the exit code."""
    arguments = _arguments()
    try:
        with _alone():
            set_up(for_tests=arguments.test, with_asterisk=not arguments.without_asterisk)
    except SetupError as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bootstrap", description=__doc__)
    parser.add_argument("--test", action="store_true", help="also what only the tests use")
    parser.add_argument(
        "--without-asterisk", action="store_true", help="for tests that use no Asterisk or browser"
    )
    return parser.parse_args()


def set_up(*, for_tests: bool, with_asterisk: bool) -> None:
    """Do what is still to be done. Raises SetupError where something fails, or root is needed."""
    root = asterisk_root.default_root()
    make_root = with_asterisk and not (
        asterisk_root.system_asterisk() or asterisk_root.is_made(root)
    )
    first = apt.missing([apt.VENV_SUPPORT, *([apt.ROOT_MAKER] if make_root else [])])
    later = apt.missing(apt.FOR_ALL_TESTS) if for_tests else []
    if for_tests and with_asterisk:
        later += apt.missing(apt.FOR_LIVE_TESTS)
    if (make_root or first or later) and not is_root():
        raise SetupError(_needs_root(make_root, first + later))
    if first:
        apt.install(first)
    # These three use the network more than the processor, so side by side.
    steps: list[Callable[[], None]] = [_python_and_pages]
    if make_root:
        steps.append(lambda: asterisk_root.make(root))
    if later:
        steps.append(lambda: apt.install(later))
    with ThreadPoolExecutor(len(steps)) as pool:
        for running in [pool.submit(step) for step in steps]:
            running.result()


def _python_and_pages() -> None:
    python_env.prepare()
    web_ui.prepare()


def _needs_root(make_root: bool, packages: list[str]) -> str:
    what = [f"install {' '.join(packages)}"] if packages else []
    if make_root:
        what.append(f"make an Asterisk in {asterisk_root.default_root()}")
    return (
        f"root is needed to {' and to '.join(what)}. Run this as root, then try again:\n"
        f"  {PROJECT}/script/bootstrap {' '.join(sys.argv[1:])}".rstrip()
    )


@contextmanager
def _alone() -> Iterator[None]:
    """Two set-ups of one clone at the same moment wait for each other."""
    with (PROJECT / "requirements.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())

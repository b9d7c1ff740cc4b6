"""Python reads this at its start where a test has put the folder on PYTHONPATH: the controller goes
to Asterisk by the way that `FaultyWay` (tests/support/faulty_way.py) lays.
"""

import os
from dataclasses import replace
from pathlib import Path

from callcenter.asterisk.ari import Access, Ari

_FOLDER = Path(os.environ["FAULTY_WAY"])
_init = Ari.__init__


def _by_the_way(ari: Ari, access: Access) -> None:
    (_FOLDER / "to").write_text(str(access.port))
    _init(ari, replace(access, port=int((_FOLDER / "by").read_text())))


setattr(Ari, "__init__", _by_the_way)  # noqa: B010 - mypy would not have it otherwise

"""A recording as the archive files it, for tests."""

from __future__ import annotations

from callcenter.store.recordings import Recording
from tests.fakes.orders import ENDED, MORNING

RECORDING = Recording(
    call=ENDED.call,
    file="2017/11/22/call-1.wav",
    began=MORNING,
    seconds=130.25,
    bytes=2_084_044,
    sha256="5e" * 32,
    repaired=False,
)
"""Of the call that `ENDED` is the order of."""

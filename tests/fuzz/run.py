"""Looks for an input on which a target raises or hangs, guided by what code each input reaches.

    python -m tests.fuzz.run TARGET [libFuzzer's options] FOLDER…

The first folder takes inputs that reach something new, the others are only read: the committed ones
are in tests/fuzz/corpus/TARGET. The input that made it fail is in the file that the last line
names; with that in place of the folders it runs alone. Mend the fault, and add the input to the
corpus.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["callcenter", "panoramisk"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()

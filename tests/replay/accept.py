"""Accept what the core makes now of the committed journals.

    python -m tests.replay.accept [NAME…]

For a change of logic that is meant; the diff of the files shows which events it is about.
"""

from __future__ import annotations

import sys

from tests.replay.journals import accepted, names, read

if __name__ == "__main__":
    for name in sys.argv[1:] or names():
        accepted(read(name)).write()
        print(f"accepted {name}")

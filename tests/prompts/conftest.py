"""Makes ivr_prompts/ importable: its two programs belong to the prompts, not to the package."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

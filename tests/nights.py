"""Names that the fixtures and the tests of whole nights share."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO_AS_OF = "2026-03-31"
REAL_AS_OF = "2024-06-22"
RunCli = Callable[..., subprocess.CompletedProcess[str]]
BuildOnce = Callable[[str, Callable[[Path], None]], Path]

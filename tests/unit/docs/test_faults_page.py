"""docs/faults.md names tests that exist, one row per fault."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")


def test_every_named_test_exists() -> None:
    missing = []
    for file, name in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE):
        path = ROOT / file
        if not path.exists() or (name and f"def {name}(" not in path.read_text(encoding="utf-8")):
            missing.append(f"{file}::{name}")
    unit_tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "models").rglob("*.yml"))
    missing += [name for name in re.findall(r"dbt unit test `(\w+)`", PAGE) if f"name: {name}\n" not in unit_tests]
    assert missing == []


def test_every_fault_has_a_row() -> None:
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, flags=re.MULTILINE)] == list(range(1, 41))

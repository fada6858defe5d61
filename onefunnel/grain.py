"""What a row of a mart is, as the tests of its YAML say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onefunnel.yaml_text import load_yaml

if TYPE_CHECKING:
    from pathlib import Path

KEYS = {"unique", "primary_key"}


def grains(models: Path) -> dict[str, tuple[str, ...]]:
    """Model -> the columns that are unique together, by the tests in a folder's YAML: `unique_combination`, or KEYS of a column."""
    found: dict[str, tuple[str, ...]] = {}
    for file in sorted(models.rglob("*.yml")):
        for model in load_yaml(file.read_text(encoding="utf-8")).get("models") or []:
            for test in model.get("data_tests") or []:
                if isinstance(test, dict) and "unique_combination" in test:
                    found.setdefault(model["name"], tuple(test["unique_combination"]["arguments"]["columns"]))
            for column in model.get("columns") or []:
                # a test without options is its name, another is a dictionary of one name
                if KEYS & {name for test in column.get("data_tests") or [] for name in ([test] if isinstance(test, str) else test)}:
                    found.setdefault(model["name"], (column["name"],))
    return found

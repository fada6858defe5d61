"""A folder of words for a test."""

from __future__ import annotations

from pathlib import Path


def words(folder: Path, **files: str) -> Path:
    """The folder with these files in it: their text by their name."""
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder

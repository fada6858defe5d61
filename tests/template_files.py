"""Files of the template system."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path


def write_files(files: Mapping[str, Sequence[Mapping[str, str | None]]], folder: Path) -> None:
    """One CSV of each entity."""
    for entity, rows in files.items():
        with (folder / f"{entity}.csv").open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, fieldnames=sorted({name for row in rows for name in row}))
            writer.writeheader()
            writer.writerows(rows)

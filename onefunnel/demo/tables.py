"""Rows as a CRM exports them: contract columns as text, beside hidden columns (with an underscore) that the generator keeps for itself.

_at: when the row came into the world (local seconds), by which the data end is cut; _cents: its amount; _planted: the fault it was given.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from onefunnel.entities import template

# The agency measures no demand: whoever has an index of it delivers it beside these files.
ENTITIES = tuple(entity for entity in template() if entity != "market_index")


def columns_of(entity: str) -> list[str]:
    """Contract columns of a template entity, in order."""
    return list(template()[entity].columns)


def table(entity: str, columns: dict[str, np.ndarray], at: np.ndarray, **hidden: np.ndarray) -> pd.DataFrame:
    """Columns as one frame; contract columns that were not given are empty."""
    size = len(at)
    values = {name: columns.get(name, np.full(size, "", dtype=object)) for name in columns_of(entity)}
    values |= {"_at": at, "_planted": np.full(size, "", dtype=object)}
    values |= {f"_{name}": column for name, column in hidden.items()}
    return pd.DataFrame(values)


def visible(entity: str, frame: pd.DataFrame) -> pd.DataFrame:
    """What is delivered: contract columns only."""
    return frame[columns_of(entity)].reset_index(drop=True)


def stamp(seconds: np.ndarray) -> np.ndarray:
    """Local seconds as 2026-03-31 17:05:00."""
    if not len(seconds):  # numpy cannot replace in nothing
        return np.array([], dtype=object)
    return np.char.replace(np.datetime_as_string(seconds.astype("datetime64[s]")), "T", " ").astype(object)


def stamp_where(is_known: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Stamps, empty where not known."""
    texts = np.full(len(seconds), "", dtype=object)
    texts[is_known] = stamp(seconds[is_known])
    return texts


def money(cents: np.ndarray) -> np.ndarray:
    """Cents as 1234.50."""
    return np.array([f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}" for value in cents.tolist()], dtype=object)

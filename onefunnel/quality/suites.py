"""Suites as data: reads expectations/<gate>.yml, which holds Great Expectations suites (type, kwargs, meta), one per relation.

Two kinds of placeholders: `{$PARAMETER: name}` in kwargs is Great Expectations' own; `$name` inside a query is filled here.
"""

from __future__ import annotations

import string
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from onefunnel.errors import ConfigError
from onefunnel.project import project_root
from onefunnel.yaml_text import load_yaml

SEVERITIES = ("block", "quarantine", "warn")
RUNBOOK = "docs/runbook.md"


@dataclass(frozen=True)
class Expectation:
    """One expectation of a suite. `check` names what it proves and the runbook entry; several expectations may share it."""

    type: str
    kwargs: dict[str, Any]
    check: str
    severity: str
    owner: str
    alert: str
    expected: str
    # A row-wise expectation holds of a relation without rows only if the suite says that no rows are normal.
    needs_rows: bool
    # Whether the rows that a query returns name sources and entities, never people: then a failure says which.
    names_rows: bool = False

    @property
    def runbook(self) -> str:
        """Where a person reads what to do."""
        return f"{RUNBOOK}#{self.check}"


@dataclass(frozen=True)
class Suite:
    """Expectations on one relation. `allow_empty`: having no rows is normal. `source`: set when the relation is one source's load.

    `of`: the entities that the relation is made of; where no source delivers any of them, having no rows is normal, too.
    """

    relation: str
    expectations: tuple[Expectation, ...]
    allow_empty: bool = False
    source: str = ""
    parameters: tuple[tuple[str, Any], ...] = ()
    of: tuple[str, ...] = ()

    def may_be_empty(self, delivered: Collection[str]) -> bool:
        """Whether no rows are normal where these entities are delivered."""
        return self.allow_empty or (bool(self.of) and not set(self.of) & set(delivered))


def read_suites(gate: str, folder: Path | None = None) -> list[Suite]:
    """The suites of a gate. Raises ConfigError with the file when it is missing, unparsable, or a check lacks severity, owner or name."""
    path = (folder or project_root() / "expectations") / f"{gate}.yml"
    try:
        raw = load_yaml(path.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"the suite cannot be read: {error}", where=str(path), hint="restore it from the repository") from None
    defaults = raw.get("defaults", {})
    return [
        Suite(
            relation=suite["relation"],
            expectations=tuple(_expectation(entry, defaults, f"{path}: {suite['relation']}") for entry in suite.get("expectations") or []),
            allow_empty=bool(suite.get("allow_empty", False)),
            of=tuple(suite.get("of") or ()),
        )
        for suite in raw.get("suites") or []
    ]


def _expectation(entry: dict[str, Any], defaults: dict[str, Any], where: str) -> Expectation:
    meta = {**defaults, **(entry.get("meta") or {})}
    missing = [name for name in ("check", "severity", "owner") if not meta.get(name)]
    if "type" not in entry or missing or meta["severity"] not in SEVERITIES:
        raise ConfigError(
            f"an expectation lacks {', '.join(missing) or 'a type or a known severity'}",
            where=where,
            hint=f"severity is one of {SEVERITIES}",
        )
    kind = entry["type"]
    row_wise = kind.startswith(("expect_column_values_", "expect_compound_columns_", "expect_column_pair_", "expect_multicolumn_"))
    return Expectation(
        type=kind,
        kwargs=dict(entry.get("kwargs") or {}),
        check=meta["check"],
        severity=meta["severity"],
        owner=meta["owner"],
        alert=meta.get("alert", "gate_failed"),
        expected=meta.get("expected", ""),
        needs_rows=row_wise,
        names_rows=bool(meta.get("names_rows", False)),
    )


def filled(kwargs: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """The kwargs with every `$name` of a query replaced. Raises KeyError when a name is unknown: such a check counts as not evaluated."""
    query = kwargs.get("unexpected_rows_query")
    return {**kwargs, "unexpected_rows_query": string.Template(query).substitute(parameters)} if query else dict(kwargs)

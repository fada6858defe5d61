"""Stages are data: their names stand in seeds, in the staging of a system and in the demo, and nowhere else."""

from __future__ import annotations

import re

from onefunnel.project import project_root
from onefunnel.words import shipped_lines

ROOT = project_root()
SEARCHED = ("models/**/*.sql", "models/**/*.yml", "dbt_project/**/*.sql", "onefunnel/**/*.py", "dashboards/**/*.js", "expectations/*.yml")
# Unit tests of models are tests of the shipped funnel.
SPARED = ("models/staging/", "onefunnel/demo/", "unit_tests")
# Columns that sources deliver and KPIs that the contract names are called as some stages are.
OTHERS = {"paid_at", "paid_date", "first_contact_at", "'sql'", "'sal'", '"sql"', '"sal"', "'lead'", '"lead"', '"paid"', "'paid'"}
KEYS = [line["stage_key"] for line in shipped_lines("funnel_stages") if line["is_terminal"] == "false"]
NAMED = re.compile(
    rf"""(['"])({"|".join(KEYS)})\1|\b({"|".join(KEYS)})_(at|date|reached|is_imputed|position|count|lag_minutes|lag_business_minutes)\b"""
)


def named(text: str) -> list[str]:
    """What names a stage in a text, whatever it says of other things."""
    return [found.group() for found in NAMED.finditer(text) if found.group() not in OTHERS]


def test_no_stage_is_named_outside_the_seeds() -> None:
    paths = [path for pattern in SEARCHED for path in ROOT.glob(pattern) if not any(part in str(path.relative_to(ROOT)) for part in SPARED)]
    assert len(paths) > 150
    assert {str(path.relative_to(ROOT)): names for path in paths if (names := named(path.read_text(encoding="utf-8")))} == {}


def test_a_name_would_be_found() -> None:
    assert named("select sal_reached from x where stage_key = 'demo_held'") == ["sal_reached", "'demo_held'"]


def test_no_stage_is_numbered() -> None:
    """`stage_order = 4` is the handoff of one funnel only; the first stage and the one before or after may be counted."""
    numbered = re.compile(r"stage_order\s*(=|<|>|<=|>=|between)\s*[2-9]")
    found = {
        str(path.relative_to(ROOT)): numbered.findall(path.read_text(encoding="utf-8"))
        for pattern in ("models/**/*.sql", "dbt_project/**/*.sql", "expectations/*.yml")
        for path in ROOT.glob(pattern)
        if not (path.name == "funnel.sql" and "macros" in str(path))
    }
    assert {path: names for path, names in found.items() if names} == {}

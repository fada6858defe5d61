"""The registry agrees with the documentation and with the staging models that read it."""

from __future__ import annotations

import re

import pytest

from onefunnel.entities import SYSTEMS, check_known, entity_of
from onefunnel.errors import ConfigError
from onefunnel.project import project_root

ALL = [(system, name) for system, entities in SYSTEMS.items() for name in entities]


@pytest.mark.parametrize(("system", "name"), ALL)
def test_required_columns_are_columns(system: str, name: str) -> None:
    entity = SYSTEMS[system][name]
    assert set(entity.required) <= set(entity.columns)
    assert len({column.lower() for column in entity.columns}) == len(entity.columns)


@pytest.mark.parametrize(("system", "name"), ALL)
def test_staging_reads_only_columns_of_the_contract(system: str, name: str) -> None:
    model = project_root() / "models" / "staging" / system / f"stg_{system}__{name}.sql"
    if not model.exists():
        pytest.skip("landed, and read by no model of its own")
    text = model.read_text(encoding="utf-8")
    read = set(re.findall(r"\b(?:to_\w+|category|duration_minutes)\('\"?([^'\"]+)\"?'", text))
    assert read <= set(SYSTEMS[system][name].columns), f"{model.name} reads what the registry does not name"


@pytest.mark.parametrize("name", SYSTEMS["template"])
def test_the_documentation_lists_every_column_of_the_template(name: str) -> None:
    text = (project_root() / "docs" / "adding-a-source.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
    required = re.search(r"\*\*(.+?)\*\*", row)[1].split(", ")
    documented = row.split("|")[2].replace("**", "").strip().split(", ")
    assert tuple(required) == SYSTEMS["template"][name].required
    assert sorted(documented) == sorted(SYSTEMS["template"][name].columns)


def test_unknown_entities_of_known_systems_are_refused_and_new_systems_are_free() -> None:
    with pytest.raises(ConfigError, match="no entity visits"):
        check_known("template", "visits", "sources.yml, line 7")
    check_known("freshsales", "visits", "here")
    assert entity_of("freshsales", "visits") is None

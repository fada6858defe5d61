"""What the folders of systems say agrees with the documentation and with the staging models that read it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from onefunnel.entities import Entity, check_known, entity_of, known_systems, read_entities
from onefunnel.errors import ConfigError
from onefunnel.project import project_root
from onefunnel.systems import described_systems

SYSTEMS = {system: entities for system, entities in known_systems().items() if system not in described_systems()}
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
    assert read <= set(SYSTEMS[system][name].columns), f"{model.name} reads what {system}.yml does not name"


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


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sources: [{name: landing, tables: [{name: acme__leads, config: {meta: {required: [Id]}}}]}]", "columns: Field required"),
        (
            "sources: [{name: landing, tables: [{name: acme__leads, config: {meta: {columns: [Id], required: [Mail]}}}]}]",
            "Mail is required and no column",
        ),
        ("sources: [{name: landing, tables: [{name: acme__leads, config: {meta: {columns: [Id], key: [Id]}}}]}]", "key: Extra inputs"),
        ("sources: [", "not a description"),
    ],
)
def test_a_wrong_description_is_told_with_its_file(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "acme.yml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=says) as raised:
        read_entities(path)
    assert str(path) in raised.value.where


def test_a_system_is_known_by_its_folder_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dbt_project.yml").touch()
    folder = tmp_path / "models" / "staging" / "acme"
    folder.mkdir(parents=True)
    tables = [{"name": "acme__leads", "config": {"meta": {"columns": ["Id", "Mail"], "personal": ["Mail"]}}}, {"name": "acme__notes"}]
    (folder / "acme.yml").write_text(yaml.safe_dump({"sources": [{"name": "landing", "tables": tables}]}))
    monkeypatch.setenv("ONEFUNNEL_PROJECT_DIR", str(tmp_path))
    assert entity_of("acme", "leads") == Entity(columns=("Id", "Mail"), personal=("Mail",))
    assert entity_of("acme", "notes") is None
    with pytest.raises(ConfigError, match="no entity visits"):
        check_known("acme", "visits", "sources.yml, line 7")

"""What the descriptions of systems may say, and how sources.yml names them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from onefunnel.config import load_config
from onefunnel.entities import entity_of
from onefunnel.errors import ConfigError
from onefunnel.extract.normalise import looks_personal
from onefunnel.systems import FOLDER, described_systems, description_of, filled, read_description

SYSTEMS = described_systems()
STRIPE = {"name": "pay", "system": "stripe", "connector": "api", "secrets": {"key": "STRIPE_KEY"}}


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_has_a_page_that_names_what_it_needs_and_a_block_that_loads(system: str, tmp_path: Path) -> None:
    described = description_of(system)
    text = (Path(__file__).parents[2] / "docs" / "systems" / f"{system}.md").read_text(encoding="utf-8")
    named = (*described.secrets, *described.settings, *described.resources)
    assert {name for name in named if f"`{name}`" not in text} == set()
    (block,) = yaml.safe_load(text.partition("```yaml")[2].partition("```")[0])
    assert load(tmp_path, block).sources[0].secrets.keys() == described.secrets.keys()


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_looks_personal_is_hashed(system: str) -> None:
    for name, resource in description_of(system).resources.items():
        bare = [column for column in resource.columns if looks_personal(column) and column not in resource.personal]
        assert bare == [], name
        contract = entity_of(system, name)
        assert contract
        assert contract.personal == resource.personal


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"title": None}, "broken.yml: title"),
        ({"clients": {}}, "broken.yml: clients"),
        ({"probe": {"path": "${nobody}"}}, r"broken.yml: words: .*probe: nobody fills in \$\{nobody\}"),
        ({"resources": {"a": {"endpoint": {"path": "a"}, "columns": ["id"], "key": ["id"], "required": ["x"]}}}, "resources.a: .*x is no"),
    ],
)
def test_an_error_names_file_and_key(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    path = tmp_path / "broken.yml"
    path.write_text(yaml.safe_dump(yaml.safe_load((FOLDER / "stripe.yml").read_text()) | change))
    with pytest.raises(ValueError, match=says):
        read_description(path)


def test_only_words_in_braces_are_filled_in_and_only_once() -> None:
    assert filled({"a": ["$", "${x}$y"], "b": 1}, {"x": "${x}"}) == {"a": ["$", "${x}$y"], "b": 1}


def load(tmp_path: Path, block: dict[str, Any]) -> Any:
    path = tmp_path / "sources.yml"
    path.write_text(yaml.safe_dump({"version": 1, "sources": [block]}))
    return load_config(path)


def test_a_source_reads_every_resource_unless_it_names_some(tmp_path: Path) -> None:
    assert list(load(tmp_path, STRIPE).sources[0].entities) == list(description_of("stripe").resources)
    assert load(tmp_path, STRIPE).secret_variables == {"STRIPE_KEY"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"system": "nothing"}, "the API of nothing is not described"),
        ({"secrets": {}}, "stripe needs secrets key"),
        ({"secrets": {"key": "STRIPE_KEY", "token": "T"}}, "stripe has no secrets token"),
        ({"settings": {"manager": "1"}}, "stripe has no settings manager"),
        ({"entities": {"deals": {}}}, "no (resource|entity) deals"),
        ({"secrets": {"key": "sk live"}}, "secrets"),
        ({"system": "google_ads", "secrets": {name: "X" for name in description_of("google_ads").secrets}}, "google_ads needs account"),
    ],
)
def test_a_wrong_block_is_told(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load(tmp_path, STRIPE | change)

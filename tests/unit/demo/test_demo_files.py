"""What demo-data writes: the same bytes, the contract's columns, a sources.yml that loads, nobody else's folder."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from onefunnel.cli.demo_data import Incident
from onefunnel.config import load_config
from onefunnel.demo import INCIDENTS, DemoSpec, generate, write
from onefunnel.demo.files import sources_text
from onefunnel.demo.tables import columns_of
from onefunnel.entities import template
from onefunnel.errors import ConfigError
from onefunnel.extract.files import find_files
from onefunnel.project import project_root

# the agency measures no demand
DELIVERED = {entity: known for entity, known in template().items() if entity != "market_index"}
SMALL = {"seed": 5, "months": 2, "leads_per_month": 60, "end": date(2026, 3, 20)}


def digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.slow
def test_same_arguments_give_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        write(DemoSpec(**SMALL | {"seed": seed}), tmp_path / name)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert digest(tmp_path / "a")["leads.csv"] != digest(tmp_path / "c")["leads.csv"]


def test_files_have_exactly_the_columns_of_the_contract(tmp_path: Path) -> None:
    write(DemoSpec(**SMALL), tmp_path)
    for entity, known in DELIVERED.items():
        paths = sorted((tmp_path / entity).glob("*.csv")) if entity == "ad_spend" else [tmp_path / f"{entity}.csv"]
        assert paths
        for path in paths:
            with path.open(encoding="utf-8", newline="") as stream:
                rows = list(csv.reader(stream))
            assert rows[0] == list(known.columns)
            assert len(rows) > 1
            assert {len(row) for row in rows} == {len(known.columns)}


def test_ad_spend_comes_as_one_file_per_month(tmp_path: Path) -> None:
    write(DemoSpec(**SMALL), tmp_path)
    assert [path.name for path in sorted((tmp_path / "ad_spend").iterdir())] == [f"ad_spend_2026-0{month}.csv" for month in (2, 3)]


@pytest.mark.slow
def test_generate_gives_the_rows_that_write_writes(tmp_path: Path) -> None:
    spec = DemoSpec(**SMALL)
    facts = write(spec, tmp_path)
    frames = generate(spec)
    assert {entity: len(frame) for entity, frame in frames.items()} == facts["rows"]
    assert all(list(frame.columns) == columns_of(entity) for entity, frame in frames.items())
    assert json.loads((tmp_path / "demo_facts.json").read_text(encoding="utf-8")) == facts


def test_sources_yml_loads_and_names_files_that_exist(tmp_path: Path) -> None:
    write(DemoSpec(**SMALL), tmp_path)
    source = load_config(tmp_path / "sources.yml").source("demo")
    assert set(source.entities) == set(DELIVERED)
    for entity in source.entities.values():
        assert list(tmp_path.glob(entity.path))


def test_shipped_example_is_the_same_text_and_reads_what_the_help_says_to_write(tmp_path: Path) -> None:
    example = project_root() / "examples" / "demo" / "sources.yml"
    assert example.read_text(encoding="utf-8") == sources_text("data/")
    shutil.copy(example, tmp_path)
    write(DemoSpec(**SMALL), tmp_path / "data")
    for entity, files in load_config(tmp_path / "sources.yml").source("demo").entities.items():
        assert find_files(files.path, tmp_path, entity)[1], entity


def test_a_shorter_run_leaves_no_month_of_the_longer_one(tmp_path: Path) -> None:
    write(DemoSpec(**SMALL), tmp_path)
    write(DemoSpec(**SMALL | {"months": 1}), tmp_path)
    assert [path.name for path in (tmp_path / "ad_spend").iterdir()] == ["ad_spend_2026-03.csv"]


def test_a_folder_with_other_files_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("mine")
    with pytest.raises(ConfigError, match=r"leads\.csv"):
        write(DemoSpec(**SMALL), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["leads.csv"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1},
        {"months": 0},
        {"leads_per_month": 0},
        {"incident": "flood"},
        {"incident_month": date(2026, 2, 2)},
        {"incident_month": date(2025, 12, 1)},
        {"end": date(1999, 1, 1)},
    ],
)
def test_a_spec_that_makes_no_agency_says_what_to_do(wrong: dict) -> None:
    with pytest.raises(ConfigError) as caught:
        DemoSpec(**SMALL | wrong)
    assert caught.value.hint


def test_the_smallest_agency_is_still_written(tmp_path: Path) -> None:
    assert write(DemoSpec(seed=1, months=1, leads_per_month=1, end=date(2026, 3, 1)), tmp_path)["rows"]["ad_spend"] > 0


def test_the_command_offers_every_incident() -> None:
    assert [incident.value for incident in Incident] == list(INCIDENTS)

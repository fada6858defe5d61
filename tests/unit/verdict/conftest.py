"""The models of verdict and signals, compiled once for all workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from nights import BuildOnce
from parse_once import hand_on_parse
from verdict_bench import COUNTING, DECOMPOSITION, WORDING, Bench

from benchmarks.compiled_models import CompiledModel, compile_models, load_seeds, read_models, scratch_warehouse
from onefunnel.settings import HomePaths


@pytest.fixture(scope="session")
def compiled(build_once: BuildOnce, parsed_home: Path) -> dict[str, CompiledModel]:
    """Models of verdict and signals as SQL, in their order."""
    verdict = [f"int_verdict_{name}" for name in (*COUNTING, *DECOMPOSITION, *WORDING)]
    names = [*verdict, "int_stage_recording", "mart_change_factors", "mart_verdict", "int_signal_weeks", "int_signal_limits"]

    def make(home: Path) -> None:
        hand_on_parse(parsed_home, home)
        compile_models(names, home, HomePaths(home).target)

    return {model.name: model for model in read_models(HomePaths(build_once("compiled-models", make)).target)}


@pytest.fixture
def new_bench(compiled: dict[str, CompiledModel]) -> Iterator[Callable[[], Bench]]:
    """Makes scratch warehouses, with seeds and the channels' labels."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def make() -> Bench:
        connection = scratch_warehouse()
        opened.append(connection)
        connection.execute("set threads = 1")
        load_seeds(connection, ["factor_owners", "headline_templates", "channels", "funnel_stages"])
        connection.execute("create schema facts; create view facts.dim_channel as select * from seeds.channels")
        return Bench(connection, compiled)

    yield make
    for connection in opened:
        connection.close()


@pytest.fixture
def bench(new_bench: Callable[[], Bench]) -> Bench:
    return new_bench()

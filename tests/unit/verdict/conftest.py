"""The verdict's models, compiled once per session."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import pytest
from verdict_bench import COUNTING, DECOMPOSITION, WORDING, Bench

from benchmarks.compiled_models import CompiledModel, compile_models, load_seeds, scratch_warehouse


@pytest.fixture(scope="session")
def compiled_verdict(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CompiledModel]:
    """The verdict's models as SQL, in their order."""
    folder = tmp_path_factory.mktemp("verdict")
    names = [f"int_verdict_{name}" for name in (*COUNTING, *DECOMPOSITION, *WORDING)]
    models = compile_models([*names, "int_stage_recording", "mart_change_factors", "mart_verdict"], folder / "home", folder / "target")
    return {model.name: model for model in models}


@pytest.fixture
def new_bench(compiled_verdict: dict[str, CompiledModel]) -> Iterator[Callable[[], Bench]]:
    """Makes scratch warehouses, with seeds and the channels' labels."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def make() -> Bench:
        connection = scratch_warehouse()
        opened.append(connection)
        connection.execute("set threads = 1")
        load_seeds(connection, ["factor_owners", "headline_templates", "channels", "funnel_stages"])
        connection.execute("create schema facts; create view facts.dim_channel as select * from seeds.channels")
        return Bench(connection, compiled_verdict)

    yield make
    for connection in opened:
        connection.close()


@pytest.fixture
def bench(new_bench: Callable[[], Bench]) -> Bench:
    return new_bench()

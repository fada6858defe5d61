"""One agency of a given size: `onefunnel build`, and after it the peers on what it landed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.measure import Cost
from benchmarks.peers import cosmos, sqlmesh
from benchmarks.peers.environment import Environment, Workplace
from benchmarks.scenario import FIRST_NIGHT, Say, measure_night, write_source

PEERS = (cosmos, sqlmesh)


@dataclass(frozen=True)
class PeerRun:
    """What one way to run the models cost, and whether it made what the build made.

    versions: of the packages that matter; empty for the build itself. reason: why it did not get to the end.
    kpi_rows: of mart_kpi_monthly; tables: compared in all; unequal: names of those that differ.
    """

    leads: int
    what: str
    versions: str = ""
    cost: Cost | None = None
    kpi_rows: int = 0
    tables: int = 0
    unequal: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_equal(self) -> bool:
        return not self.unequal


def make_environments(folder: Path, say: Say) -> dict[str, Environment | str]:
    """An environment for each peer, or what pip said when there is none to be had."""
    found: dict[str, Environment | str] = {}
    for peer in PEERS:
        say(f"installing {peer.REQUIREMENTS.name}")
        environment = Environment(folder / peer.__name__.rpartition(".")[2], peer.REQUIREMENTS)
        try:
            environment.make()
            found[peer.__name__] = environment
        except RuntimeError as error:
            found[peer.__name__] = str(error)
    return found


def measure_peers(folder: Path, leads: int, environments: dict[str, Environment | str], say: Say) -> Iterator[PeerRun]:
    """The build first, then every peer; a peer that fails does not stop the others."""
    home = folder / "home"
    say(f"{leads:,} leads for the peers: writing the delivery")
    write_source(folder, leads)
    built = measure_night(folder, home, FIRST_NIGHT, say).build
    _, tables, kpi_rows = compare(home / "warehouse.duckdb", None)
    yield PeerRun(leads, "`onefunnel build`", cost=built, kpi_rows=kpi_rows, tables=tables)
    for peer in PEERS:
        name, environment = peer.__name__.rpartition(".")[2], environments[peer.__name__]
        if isinstance(environment, str):
            yield PeerRun(leads, name, reason=environment)
            continue
        versions = ", ".join(f"{package} {environment.version(package)}" for package in peer.PACKAGES)
        place = Workplace(folder / name, home / "target" / "manifest.json")
        say(name)
        try:
            place.prepare(folder / "sources.yml", home, FIRST_NIGHT)
            for what, cost in peer.measure(environment, place):
                unequal, tables, rows = compare(home / "warehouse.duckdb", place.warehouse)
                yield PeerRun(leads, what, versions, cost, rows, tables, unequal)
        except RuntimeError as error:
            yield PeerRun(leads, name, versions, reason=str(error))


def compare(built: Path, made: Path | None) -> tuple[tuple[str, ...], int, int]:
    """Names of the build's tables that `made` lacks or has with other columns or rows; how many tables; rows of its mart_kpi_monthly.

    Without `made`, the build is only counted.
    """
    with duckdb.connect() as db:
        db.execute("set threads = 2")
        db.execute(f"attach '{built}' as built (read_only)")
        tables = db.execute(
            """select schema_name || '.' || table_name from duckdb_tables()
               where database_name = 'built' and schema_name <> 'landing' order by 1"""
        ).fetchall()
        unequal: list[str] = []
        if made:
            # under the name that it was made with: SQLMesh publishes views, and they name their database
            db.execute(f"attach '{made}' as warehouse (read_only)")
            unequal = [table for (table,) in tables if not _is_equal(db, table)]
        rows = db.execute(f"select count(*) from {'warehouse' if made else 'built'}.marts.mart_kpi_monthly").fetchone()[0]
        return tuple(unequal), len(tables), rows


def _is_equal(db: duckdb.DuckDBPyConnection, table: str) -> bool:
    try:
        ours, theirs = (
            {name: kind for name, kind, *_ in db.execute(f"describe {base}.{table}").fetchall()} for base in ("built", "warehouse")
        )
    except duckdb.CatalogException:
        return False
    # a warehouse that was registered twice numbers its build otherwise
    columns = ", ".join(f'"{name}"' for name in ours if name != "build_number")
    # the sum of the rows' hashes: equal multisets of rows have equal sums, unequal ones all but surely not
    question = f"select count(*), sum(hash({columns})::hugeint) from "
    return ours == theirs and db.execute(f"{question} built.{table}").fetchone() == db.execute(f"{question} warehouse.{table}").fetchone()

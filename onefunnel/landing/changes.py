"""What landed since the last whole build of the warehouse: whether a build can go on from it, and from where."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from onefunnel.landing.loads import LandedFile, LoadManifest
from onefunnel.project import project_root

# Entities that every build reads whole: a changed file of theirs needs nothing more.
READ_WHOLE = frozenset({"channel_costs", "payment_plan", "targets", "fx_rates", "market_index"})
# Folders and files whose text decides what the tables hold.
CODE = ("models", "seeds", "dbt_project", "dbt_project.yml")
# What reads them: another version may sort, round or compile otherwise.
ENGINE = ("duckdb", "dbt-core", "dbt-duckdb")
SHAPES = {
    "built_run": "build_number integer, as_of date, as_of_end_at timestamp, fingerprint varchar",
    "built_files": "system varchar, entity varchar, source_name varchar, load_id varchar, file_name varchar, part_sha256 varchar",
    "built_rates": "currency varchar, rate_date date, rate_to_base decimal(24, 12)",
}
FileKey = tuple[str, str, str, str, str, str]


@dataclass(frozen=True)
class BuildPlan:
    """How a build reads the landing. built_through: number of the whole build it goes on from, None for a full build.

    built_until: the first UTC moment which that build did not know; reason: why the build is full ("" when it goes on).
    """

    build_number: int
    built_through: int | None = None
    built_until: datetime | None = None
    new_files: frozenset[FileKey] = frozenset()
    reason: str = ""

    def sentence(self) -> str:
        """For the progress of a build."""
        if self.built_through is None:
            return f"full build: {self.reason}"
        return f"going on from build {self.built_through}: {len(self.new_files)} new file(s)"


def file_key(load: LoadManifest, item: LandedFile) -> FileKey:
    """Names a landed file and its content."""
    return load.system, load.entity, load.source, load.load_id, item.path, item.part_sha256


def fingerprint(settings_of_run: Iterable[object], root: Path | None = None) -> str:
    """SHA-256 of all but data that decides what a build makes: models, seeds, macros, settings of sources and reports, the engine."""
    root = root or project_root()
    digest = hashlib.sha256(repr(list(settings_of_run)).encode())
    digest.update(" ".join(f"{name} {version(name)}" for name in ENGINE).encode())
    for name in CODE:
        for path in sorted((root / name).rglob("*")) if (root / name).is_dir() else [root / name]:
            if path.is_file() and path.suffix in (".sql", ".csv", ".yml", ".yaml"):
                digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def plan_build(db: duckdb.DuckDBPyConnection, files: frozenset[FileKey], as_of: date, print_now: str, *, full_refresh: bool) -> BuildPlan:
    """Compare the files that are current now with those of the last whole build, as the warehouse remembers it.

    From here until `mark_built` nothing is remembered: what a build leaves that breaks off is not gone on from, so the next one is full.
    """
    for table, shape in SHAPES.items():
        db.execute(f"create table if not exists landing.{table} ({shape})")
    number = _last_number(db) + 1
    row = db.execute("select build_number, as_of, as_of_end_at, fingerprint from landing.built_run").fetchone()
    if row is None:
        return BuildPlan(number, reason="no build to go on from, that ended well and was left alone")
    db.execute("delete from landing.built_run")
    built_number, built_as_of, built_until, print_then = row
    built = frozenset(db.execute("from landing.built_files").fetchall())
    gone = {key for key in built - files if key[1] not in READ_WHOLE}
    new = files - built
    reason = ""
    if full_refresh:
        reason = "asked for"
    elif print_now != print_then:
        reason = "models, seeds or settings have changed"
    elif as_of < built_as_of:
        reason = f"the last build knew a later day, {built_as_of}"
    elif gone:
        reason = f"{len(gone)} file(s) that were built from are replaced, for example {min(gone)[4]} of source {min(gone)[2]}"
    elif any(key[1] == "holidays" for key in new):
        reason = "holidays have changed, and with them all working time"
    if reason:
        return BuildPlan(number, reason=reason)
    return BuildPlan(number, built_number, built_until, new)


def mark_built(warehouse: Path, files: frozenset[FileKey], print_now: str) -> None:
    """Remember a build that ended well, in one transaction: the next one goes on from here."""
    with duckdb.connect(str(warehouse)) as db:
        db.execute("begin")
        db.execute("delete from landing.built_run")
        db.execute("insert into landing.built_run select build_number, as_of, as_of_end_at, ? from landing.pipeline_run", [print_now])
        db.execute("delete from landing.built_files")
        if files:
            columns = list(zip(*sorted(files), strict=True))
            db.execute(f"insert into landing.built_files select {', '.join(['unnest(?)'] * len(columns))}", columns)
        db.execute("delete from landing.built_rates")
        db.execute("insert into landing.built_rates select currency, rate_date, rate_to_base from intermediate.int_fx_rates")
        # a model that is built alone by hand replaces nothing: the rows that this build wrote are old from now on
        db.execute("delete from intermediate.int_touched")
        # what an analyst builds by hand from now on goes on from here, with a number of its own; the next night is then full (on-run-start)
        db.execute(
            "update landing.pipeline_run set build_number = build_number + 1, built_through = build_number, built_until = as_of_end_at"
        )
        db.execute("commit")


def _last_number(db: duckdb.DuckDBPyConnection) -> int:
    """Builds are counted also when they fail, and when an analyst made them by hand."""
    try:
        return db.execute("select coalesce(max(build_number), 0) from landing.pipeline_run").fetchone()[0]
    except (duckdb.CatalogException, duckdb.BinderException):
        return 0

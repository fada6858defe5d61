"""An analyst's sandbox: a copy of the warehouse that dbt builds in, beside production and beside other analysts (docs/adr/0010).

`sandboxes/<name>/` in the home is laid out as a home of its own: warehouse.duckdb, target/, logs/, published/. Beside them
`before.duckdb`, the marts as they were when it was made, and `state/`, production's dbt manifest. It is copied from
`sandboxes/.last-build`, the last build that ended well, so that it is whole also while a night is building; nobody waits for
more than the copying of a file.
"""

from __future__ import annotations

import json
import logging
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from onefunnel.durable import flip_symlink, remove_quietly, write_whole
from onefunnel.errors import ConfigError, LockHeld, OnefunnelError
from onefunnel.extract.normalise import literal, quoted
from onefunnel.locking import build_lock
from onefunnel.settings import HomePaths, Settings

log = logging.getLogger(__name__)

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
LAST_BUILD, LOCK, NOTE = ".last-build", ".lock", "sandbox.json"
WAREHOUSE, MARTS, MANIFEST = "warehouse.duckdb", "before.duckdb", "manifest.json"
# as profiles.yml says it
ONLY_ONE = "name-one-in-ONEFUNNEL_SANDBOX"


@dataclass(frozen=True)
class SandboxPaths(HomePaths):
    """A sandbox's folder as a home; what is landed is production's."""

    production: Path

    @property
    def landing(self) -> Path:
        return self.production / "landing"

    @property
    def base(self) -> Path:
        """The marts as they were when the sandbox was made."""
        return self.home / MARTS


class SandboxSettings(Settings):
    """Settings under which candidate, gate and page are those of a sandbox."""

    @property
    def paths(self) -> SandboxPaths:
        production = super().paths
        return SandboxPaths(production.sandboxes / str(self.sandbox), production.home)


@dataclass(frozen=True)
class Sandbox:
    """One sandbox. made_at: UTC ISO; as_of: the day of the build it was copied from; bytes: of all its files, shared blocks included."""

    name: str
    path: Path
    made_at: str
    as_of: str
    bytes: int = 0

    @property
    def age(self) -> str:
        """In the largest whole unit: 3 d, 5 h, 20 min."""
        minutes = int((datetime.now(UTC) - datetime.fromisoformat(self.made_at)).total_seconds() // 60)
        return f"{minutes // 1440} d" if minutes >= 1440 else f"{minutes // 60} h" if minutes >= 60 else f"{minutes} min"

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return {**asdict(self), "path": str(self.path), "age": self.age}


def make(settings: Settings, name: str, *, anew: bool = False, wait_seconds: float = 0) -> Sandbox:
    """Copy the last good build into a new sandbox; with `anew` in place of an older one of that name.

    Raises ConfigError for a name that is taken or no name, LockHeld when a first copy would have to wait for a build for longer than
    `wait_seconds`, OnefunnelError when nothing was built yet or the disk is full.
    """
    if not NAME.fullmatch(name):
        raise ConfigError(f"not a name for a sandbox: {name}", where="NAME", hint="small letters, digits, - and _, at most 40")
    folder = settings.paths.sandboxes
    final, building = folder / name, folder / f".{name}.tmp"
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(settings):
        if final.exists() and not anew:
            raise ConfigError(f"sandbox {name} is there already", where=str(final), hint="onefunnel sandbox NAME --anew, or --remove")
        kept = _refreshed(settings, wait_seconds)
        remove_quietly(building)
        try:
            for file, place in ((WAREHOUSE, WAREHOUSE), (MARTS, MARTS), (MANIFEST, f"state/{MANIFEST}")):
                _clone(kept / file, building / place)
        except OnefunnelError:
            remove_quietly(building)
            raise
        note = {"made_at": datetime.now(UTC).isoformat(timespec="seconds"), "as_of": _as_of(building / WAREHOUSE)}
        write_whole(building / NOTE, json.dumps(note) + "\n")
        write_whole(building / "env", _environment(settings, name))
        remove_quietly(final)
        building.rename(final)
        _link_only_one(folder)
    return find(settings, name)


def find(settings: Settings, name: str | None = None) -> Sandbox:
    """The sandbox of this name; without one that of ONEFUNNEL_SANDBOX, else the only one. Raises ConfigError."""
    known = {each.name: each for each in sandboxes(settings)}
    name = name or settings.sandbox or (next(iter(known)) if len(known) == 1 else None)
    if name not in known:
        raise ConfigError(
            f"there is no sandbox {name}" if name else "which sandbox?",
            where=str(settings.paths.sandboxes),
            hint=f"there are: {', '.join(known)}" if known else "make one: onefunnel sandbox NAME",
        )
    return known[name]


def sandboxes(settings: Settings) -> list[Sandbox]:
    """All of a home, newest first."""
    found = []
    for note in settings.paths.sandboxes.glob(f"[a-z0-9]*/{NOTE}"):
        with suppress(OSError, ValueError):
            said = json.loads(note.read_text(encoding="utf-8"))
            size = sum(path.stat().st_size for path in note.parent.rglob("*") if path.is_file() and not path.is_symlink())
            if not note.parent.is_symlink():
                found.append(Sandbox(note.parent.name, note.parent, said["made_at"], said["as_of"], size))
    return sorted(found, key=lambda each: (each.made_at, each.name), reverse=True)


def remove(settings: Settings, name: str) -> Sandbox:
    """Remove a sandbox; with the last one goes the kept build. Raises ConfigError when there is none of this name."""
    with _lock(settings):
        gone = find(settings, name)
        remove_quietly(gone.path)
        _link_only_one(settings.paths.sandboxes)
        if not sandboxes(settings):
            remove_quietly(settings.paths.sandboxes / LAST_BUILD)
    return gone


def remove_all(settings: Settings) -> tuple[str, ...]:
    """Remove every sandbox and the kept build, for an erase request: they are copies of what it has to reach. Returns their names."""
    folder = settings.paths.sandboxes
    if not folder.is_dir():
        return ()
    with _lock(settings):
        names = tuple(sorted(each.name for each in sandboxes(settings)))
        remove_quietly(*(path for path in folder.iterdir() if path.name != LOCK))
    return names


def keep_last_build(settings: Settings) -> None:
    """After a build that ended well, under the build lock: keep a copy of it, from which sandboxes are made while the next one builds.

    Only where the copy costs nothing or somebody has a sandbox. A copy that fails is no failure of the build.
    """
    folder = settings.paths.sandboxes
    if not folder.is_dir():
        return
    try:
        # whoever makes a sandbox at this moment copies this build by itself
        with FileLock(folder / LOCK, timeout=0):
            if sandboxes(settings) and _is_good(settings):
                _keep(settings)
    except Timeout:
        return
    except (OnefunnelError, OSError, duckdb.Error) as error:
        log.warning("no copy of this build could be kept for sandboxes: %s", error)


def settings_of(settings: Settings, sandbox: Sandbox) -> SandboxSettings:
    """The settings under which a sandbox is proven, compared and shown."""
    return SandboxSettings(**(settings.model_dump() | {"home": settings.paths.home, "sandbox": sandbox.name}))


def variables(settings: Settings, name: str) -> dict[str, str]:
    """The environment in which dbt works in a sandbox."""
    folder = settings.paths.sandboxes / name
    return {
        "ONEFUNNEL_HOME": str(settings.paths.home),
        "ONEFUNNEL_SANDBOX": name,
        "DBT_TARGET": "sandbox",
        "DBT_STATE": str(folder / "state"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }


@contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    """One at a time makes or removes sandboxes; each takes seconds."""
    settings.paths.sandboxes.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.paths.sandboxes / LOCK):
        yield


def _refreshed(settings: Settings, wait_seconds: float) -> Path:
    """The kept build, made anew if the warehouse holds a newer good one that nobody is writing."""
    kept = settings.paths.sandboxes / LAST_BUILD
    if _stamp(settings.paths.warehouse) and _kept_stamp(kept) == _stamp(settings.paths.warehouse):
        return kept
    try:
        with build_lock(settings).acquire(timeout=0 if kept.exists() else wait_seconds):
            if _is_good(settings):
                return _keep(settings)
    except Timeout:
        if not kept.exists():
            raise LockHeld(
                "a build is writing the warehouse, and no earlier one was kept to copy from",
                where=str(settings.paths.warehouse),
                hint="repeat with --wait SECONDS; once there is a sandbox, each build leaves a copy",
            ) from None
    if not kept.exists():
        raise OnefunnelError(
            "there is no build that ended well to copy from", where=str(settings.paths.warehouse), hint="build it: onefunnel build"
        )
    return kept


def _is_good(settings: Settings) -> bool:
    """Whether the warehouse is closed and holds a build that ended well and was left alone."""
    warehouse = settings.paths.warehouse
    if not warehouse.exists() or Path(f"{warehouse}.wal").exists():
        return False
    with suppress(duckdb.Error), duckdb.connect(str(warehouse), read_only=True) as db:
        return db.execute("select count(*) from landing.built_run").fetchone()[0] == 1
    return False


def _keep(settings: Settings) -> Path:
    """Copy warehouse and manifest, and their marts into a file of their own; the caller holds both locks."""
    kept = settings.paths.sandboxes / LAST_BUILD
    building = kept.with_name(f"{LAST_BUILD}.tmp")
    remove_quietly(building)
    try:
        stamp = _stamp(settings.paths.warehouse)
        # open for reading, so that nobody begins a build by hand meanwhile
        with duckdb.connect(str(settings.paths.warehouse), read_only=True):
            _clone(settings.paths.warehouse, building / WAREHOUSE)
        _clone(settings.paths.target / MANIFEST, building / MANIFEST)
        _copy_marts(settings, building)
        write_whole(building / "of.json", json.dumps(stamp))
        remove_quietly(kept)
        building.rename(kept)
    finally:
        remove_quietly(building)
    return kept


def _copy_marts(settings: Settings, folder: Path) -> None:
    limits: dict[str, Any] = {"threads": settings.threads, "memory_limit": settings.memory_limit}
    with duckdb.connect(str(folder / MARTS), config=limits) as db:
        db.execute(f"attach {literal(str(folder / WAREHOUSE))} as warehouse (read_only); create schema marts")
        names = db.execute(
            "select table_name from information_schema.tables where table_catalog = 'warehouse' and table_schema = 'marts' order by all"
        ).fetchall()
        for (name,) in names:
            db.execute(f"create table marts.{quoted(name)} as from warehouse.marts.{quoted(name)}")


def _stamp(file: Path) -> list[int] | None:
    """What tells one state of a file from another."""
    return [file.stat().st_mtime_ns, file.stat().st_size] if file.exists() else None


def _kept_stamp(kept: Path) -> list[int] | None:
    try:
        return json.loads((kept / "of.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _clone(source: Path, target: Path) -> None:
    """Copy a file, sharing its blocks where the disk can. In a process of its own: closing a file here would free DuckDB's locks on it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    command = ["cp", "-c" if sys.platform == "darwin" else "--reflink=auto", "--", str(source), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OnefunnelError(
            f"the copy failed: {done.stderr.strip()}",
            where=str(target),
            hint="free space if the disk is full; onefunnel sandbox lists what there is",
        )


def _as_of(warehouse: Path) -> str:
    with duckdb.connect(str(warehouse), read_only=True) as db:
        return str(db.execute("select as_of from landing.pipeline_run").fetchone()[0])


def _environment(settings: Settings, name: str) -> str:
    """For a shell: after reading it, plain dbt works in the sandbox."""
    return "".join(f"export {variable}={shlex.quote(value)}\n" for variable, value in variables(settings, name).items())


def _link_only_one(folder: Path) -> None:
    """While there is one sandbox, dbt finds it without a name; with several, its error names the variable."""
    names = [note.parent.name for note in folder.glob(f"[a-z0-9]*/{NOTE}") if not note.parent.is_symlink()]
    if len(names) == 1:
        flip_symlink(folder / ONLY_ONE, names[0])
    else:
        remove_quietly(folder / ONLY_ONE)

"""Run `dbt build` as a child process: it keeps file locks of its own, and must not see secrets."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from onefunnel.config import PipelineConfig
from onefunnel.errors import OnefunnelError
from onefunnel.interval import Interval
from onefunnel.landing.changes import mark_built
from onefunnel.landing.register import code_fingerprint, register_landing
from onefunnel.locking import build_lock
from onefunnel.project import project_root
from onefunnel.publish.warehouse import before_build
from onefunnel.sandbox import keep_last_build
from onefunnel.settings import Settings, redact, secret_variables
from onefunnel.spark.environment import PROGRAM as ON_SPARK
from onefunnel.spark.environment import spark_environment
from onefunnel.spark.handover import hand_over, take_back

Progress = Callable[[str], None]
PROGRAM = (sys.executable, "-m", "onefunnel.dbt_process")
ALWAYS_FULL = "on Spark every build is full"
FAILED = ("error", "fail", "runtime error")
LAST_LINES = 15
FINISHED = ("LogModelResult", "LogTestResult", "LogNodeResult", "LogSeedResult", "LogSnapshotResult")


@dataclass(frozen=True)
class NodeResult:
    """One model, seed or test: how it ended, how long it took, the message of a failure. failures: the rows a test found."""

    unique_id: str
    kind: str
    name: str
    status: str
    seconds: float
    failures: int = 0
    message: str = ""


@dataclass(frozen=True)
class BuildResult:
    """A finished build. seconds: wall clock of dbt alone; mode: what it went on from, or why it was full."""

    as_of: date
    seconds: float
    mode: str = ""
    nodes: tuple[NodeResult, ...] = field(default_factory=tuple)

    @property
    def counts(self) -> dict[str, int]:
        """Nodes by status."""
        found: dict[str, int] = {}
        for node in self.nodes:
            found[node.status] = found.get(node.status, 0) + 1
        return found

    @property
    def warnings(self) -> tuple[NodeResult, ...]:
        return tuple(node for node in self.nodes if node.status == "warn")

    def summary(self) -> dict[str, Any]:
        """For a task log: plain JSON, the slowest nodes only."""
        return {
            "as_of": self.as_of.isoformat(),
            "seconds": round(self.seconds, 2),
            "mode": self.mode,
            "nodes": self.counts,
            "warnings": [f"{node.name}: {node.message}" for node in self.warnings],
            "slowest": {node.name: node.seconds for node in self.slowest},
        }

    @property
    def slowest(self) -> tuple[NodeResult, ...]:
        return tuple(sorted(self.nodes, key=lambda node: -node.seconds)[:10])


class BuildError(OnefunnelError):
    """dbt ended badly; `result` holds what it did until then."""

    def __init__(self, message: str, *, result: BuildResult, where: str = "", hint: str = "") -> None:
        super().__init__(message, where=where, hint=hint)
        self.result = result


def build(
    config: PipelineConfig,
    settings: Settings,
    as_of: date | None = None,
    *,
    full_refresh: bool = False,
    select: str | None = None,
    has_tests: bool = True,
    progress: Progress | None = None,
) -> BuildResult:
    """Register the landing for the day `as_of` (default: that of the newest load) and build seeds, models and tests in the warehouse.

    has_tests False: the tables alone, to look at what they hold; not for a night. Raises BuildError with the message of the node that
    failed first.
    """
    day, tell = as_of or newest_as_of(config, settings), progress or (lambda line: None)
    with build_lock(settings):
        result = _build(config, settings, day, full_refresh, select, has_tests, tell)
        if not select:
            keep_last_build(settings)
    return result


def _build(
    config: PipelineConfig, settings: Settings, as_of: date, full_refresh: bool, select: str | None, has_tests: bool, progress: Progress
) -> BuildResult:
    paths = settings.paths
    is_on_spark = settings.engine == "spark"
    environment = child_environment(settings, config.secret_variables)
    registered = register_landing(paths.warehouse, config, settings, as_of, full_refresh=full_refresh or is_on_spark)
    before_build(settings, as_of)
    plan = replace(registered.plan, reason=ALWAYS_FULL) if is_on_spark else registered.plan
    progress(plan.sentence())
    for folder in (paths.target, paths.logs):
        folder.mkdir(parents=True, exist_ok=True)
    (paths.target / "run_results.json").unlink(missing_ok=True)
    _forget_other_project(paths.target / "partial_parse.msgpack")
    started = time.monotonic()
    if is_on_spark:
        hand_over(settings, registered.parts)
    code, last_lines = run_dbt(
        command(plan.built_through is None, select, [source.system for source in config.sources], has_tests=has_tests),
        environment,
        progress,
    )
    seconds = time.monotonic() - started
    result = BuildResult(as_of, seconds, plan.sentence(), tuple(read_results(paths.target / "run_results.json")))
    if code != 0:
        raise _failure(result, code, last_lines, config, paths.logs / "dbt.log")
    if is_on_spark:
        # not marked as built: a build of DuckDB has nothing here to go on from; and a part is no warehouse
        if not select:
            take_back(settings)
        return result
    # what was changed while dbt was reading it is not what the next build can go on from
    if not select and registered.fingerprint == code_fingerprint(config):
        mark_built(paths.warehouse, registered.files, registered.fingerprint)
    return result


def _forget_other_project(state: Path) -> None:
    """dbt does not see that the project lies in another folder than it did, and would look for the seeds in the old one."""
    if state.exists() and f"{project_root()}".encode() not in state.read_bytes():
        state.unlink()


def newest_as_of(config: PipelineConfig, settings: Settings) -> date:
    """The last whole day of the newest landed interval. Raises OnefunnelError when nothing is landed."""
    from datetime import datetime

    from onefunnel.landing.loads import all_loads

    loads = all_loads(settings.paths.landing, config.named)
    if not loads:
        raise OnefunnelError("nothing is landed yet", where=str(settings.paths.landing), hint="run `onefunnel extract` first")
    newest = max(loads, key=lambda load: load.interval_end)
    start, end = datetime.fromisoformat(newest.interval_start), datetime.fromisoformat(newest.interval_end)
    return Interval(start, end, config.reporting.time_zone).as_of


def command(full_refresh: bool, select: str | None, systems: Iterable[str], *, has_tests: bool = True) -> list[str]:
    """What dbt is told to do. systems: those that some source is of; a night does not pay for the models of others."""
    # unit tests prove the code, not the night's data: they run in the project's own tests
    arguments = ["build", "--exclude-resource-type", "unit_test", *(() if has_tests else ("--exclude-resource-type", "test"))]
    arguments += without_other(systems)
    if full_refresh:
        arguments.append("--full-refresh")
    if select:
        arguments += ["--select", *select.split()]
    return arguments


def without_other(systems: Iterable[str]) -> list[str]:
    """What leaves the staging models of other systems out of a dbt command."""
    folders = {folder.name for folder in (project_root() / "models" / "staging").iterdir() if folder.is_dir()}
    unread = sorted(folders - {"template", *systems})
    # by name: dbt asks the file system for each path that it is given, and each node for each of the files there
    return ["--exclude", *(f"fqn:onefunnel.staging.{name}" for name in unread)] if unread else []


def child_environment(settings: Settings, secret_names: Iterable[str] = ()) -> dict[str, str]:
    """The environment of dbt: this one without any secret, plus where the home is."""
    hidden = secret_variables(secret_names)
    root, paths = str(project_root()), settings.paths
    spark = spark_environment(settings) if settings.engine == "spark" else {}
    return {name: value for name, value in os.environ.items() if name not in hidden} | {
        "ONEFUNNEL_HOME": str(paths.home),
        "ONEFUNNEL_THREADS": str(settings.threads),
        "ONEFUNNEL_MEMORY_LIMIT": settings.memory_limit,
        "DBT_PROFILES_DIR": root,
        "DBT_PROJECT_DIR": root,
        "DBT_TARGET_PATH": str(paths.target),
        "DBT_LOG_PATH": str(paths.logs),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        # a build that nobody but onefunnel started is one that the next may go on from
        "STARTED_BY_ONEFUNNEL": "1",
        "DBT_TARGET": "prod",
        "DO_NOT_TRACK": "1",
        "PYTHONUTF8": "1",
        **spark,
    }


def read_results(path: Path) -> Iterator[NodeResult]:
    """What run_results.json says of each node, in the order they ended; nothing when dbt did not get so far."""
    with suppress(OSError, ValueError, KeyError):
        for item in json.loads(path.read_text(encoding="utf-8"))["results"]:
            unique_id = item["unique_id"]
            kind, _, rest = unique_id.partition(".")
            if kind == "operation":  # on-run-start is no node of the night
                continue
            name = rest.split(".")[1] if "." in rest else rest
            yield NodeResult(
                unique_id,
                kind,
                name,
                item["status"],
                round(item["execution_time"], 3),
                item.get("failures") or 0,
                item.get("message") or "",
            )


_warm: list[tuple[dict[str, str], subprocess.Popen[str]]] = []


@contextmanager
def prewarmed(config: PipelineConfig, settings: Settings) -> Iterator[None]:
    """Inside, dbt's slow import runs beside what comes before the build, in the process that `build` then takes."""
    environment = child_environment(settings, config.secret_variables)
    with _start(environment) as child:
        _warm.append((environment, child))
        try:
            yield
        finally:
            _warm.clear()
            child.kill()  # still there only when no build has taken it


def _take_warm(environment: dict[str, str]) -> subprocess.Popen[str] | None:
    """The process that waits, unless it would see another environment or has died."""
    taken = [child for seen, child in _warm if seen == environment and child.poll() is None]
    _warm.clear()
    return taken[0] if taken else None


def _start(environment: dict[str, str]) -> subprocess.Popen[str]:
    is_on_spark = environment.get("DBT_TARGET") == "spark"
    return subprocess.Popen(
        (environment["ONEFUNNEL_SPARK_PYTHON"], *ON_SPARK) if is_on_spark else PROGRAM,
        cwd=environment["DBT_PROJECT_DIR"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


def run_dbt(arguments: list[str], environment: dict[str, str], progress: Progress) -> tuple[int, list[str]]:
    last: deque[str] = deque(maxlen=LAST_LINES)
    child = _take_warm(environment) or _start(environment)
    with suppress(OSError):  # one that has died already says why on its output
        child.stdin.write(json.dumps(arguments) + "\n")
        child.stdin.close()
    try:
        for line in child.stdout:
            text, is_step = _readable(line)
            if text:
                last.append(text)
            if is_step:
                progress(text)
        return child.wait(), list(last)
    finally:
        if child.poll() is None:
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.wait(10)
            child.kill()


def _readable(line: str) -> tuple[str, bool]:
    """The message in one line of dbt_process, and whether it reports a finished node."""
    try:
        event: dict[str, str] = json.loads(line)
        return event["msg"].strip(), event["name"] in FINISHED
    except (ValueError, KeyError, TypeError, AttributeError):
        return line.strip(), False


def _seed_hint(test: str) -> str:
    """What to do when a line of a mapping seed names a key that does not exist, or says one word twice."""
    if unknown := re.match(r"relationships_(\w+_mapping)_(\w+?)__\2__ref_(\w+?)_*$", test):
        return f"in seeds/{unknown[1]}.csv every {unknown[2]} must be one of seeds/{unknown[3]}.csv: correct the line, or add the key there"
    if twice := re.match(r"unique_combination_(\w+_mapping)_", test):
        return f"seeds/{twice[1]}.csv says one value twice (case does not count) or has an empty one: keep one line"
    return ""


def _failure(result: BuildResult, code: int, last_lines: list[str], config: PipelineConfig, log: Path) -> BuildError:
    failed = [node for node in result.nodes if node.status in FAILED]
    secrets = [os.environ.get(name) for name in secret_variables(config.secret_variables)]
    if not failed:
        detail = "\n".join(last_lines) or "it said nothing"
        return BuildError(redact(f"dbt ended with code {code}: {detail}", secrets), result=result, where=str(log))
    first = next((node for node in failed if node.kind == "model"), failed[0])
    others = f"; {len(failed) - 1} more failed" if len(failed) > 1 else ""
    return BuildError(
        redact(f"{first.kind} {first.name} failed: {first.message.strip()}{others}", secrets),
        result=result,
        where=str(log),
        hint=_seed_hint(first.name) or f"repeat it alone: onefunnel build --select {first.name}",
    )

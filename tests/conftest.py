"""Nights that tests share. The real command line builds each once, whatever the number of workers; tests read it and change nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock
from little_delivered import AS_OF, write_agency
from nights import DEMO_AS_OF, REAL_AS_OF, ROOT, BuildOnce, RunCli
from parse_once import hand_on_parse, hand_on_templates, parse_project
from warm_python import warm_python

# Cheapest news first: what fails in a second is told before what takes minutes.
ORDER = ("unit", "systems", "pipeline", "dbt", "browser", "dags", "faults")
# Who asks for one of these waits for dbt, for the imports of a night or for a database server.
SLOW_FIXTURES = {"compiled", "parsed_home", "python", "postgres", "server"}
# Side by side a module is run whole by one worker, so that its nights are built once; what takes longest must not be begun last. While
# the first parses the project, which all nights need, the next two have work without one; those that need the demo night stand apart.
LONGEST_FIRST = (
    *("test_nightly_run", "test_many_readers", "test_kill_during_publication", "test_verdict_incidents", "test_going_on"),
    *("test_not_delivered", "test_cases_ledger", "test_sandbox_night", "test_agency_nights", "test_erase_request"),
    *("test_cases_overlap", "test_properties", "test_other_funnels", "test_report_use", "test_night_is_held_back"),
    *("test_night", "test_agencies", "test_unit_tests_run", "test_oracle_real", "test_oracle_demo"),
    *("test_own_words", "test_cases_values", "test_benchmarks", "test_kill_during_night", "test_report_figures"),
    *("test_early_day", "test_new_source", "test_verdict_steady", "test_cases_tables", "test_effects_property"),
    *("test_gates_fail_on_bad_data", "test_cases_days", "test_scenario_the_talk", "test_cases_sources", "test_gate_of_landing"),
    *("test_fuzz_exports", "test_report_not_delivered", "test_singer", "test_guess"),
)


def pytest_configure() -> None:
    """Tests go side by side already: a build of one thread costs a tenth less of the processor than of two. In Airflow nights have two."""
    os.environ.setdefault("ONEFUNNEL_THREADS", "1")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Whoever waits for the tests does not wait for those of the night."""
    if item.get_closest_marker("nightly") and not os.environ.get("ONEFUNNEL_NIGHTLY"):
        pytest.skip("a test of the night: set ONEFUNNEL_NIGHTLY=1")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow who waits; run the folders in ORDER, inside each the slow tests last; side by side, the longest modules before all."""
    for item in items:
        if SLOW_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("slow")
    side_by_side = os.environ.get("PYTEST_XDIST_WORKER") is not None

    def rank(item: pytest.Item) -> tuple[int, int, bool]:
        folder, module = item.path.relative_to(ROOT / "tests").parts[0], item.path.stem
        turn = LONGEST_FIRST.index(module) if side_by_side and module in LONGEST_FIRST else len(LONGEST_FIRST)
        place = ORDER.index(folder) if folder in ORDER else len(ORDER)
        return turn, place, item.get_closest_marker("slow") is not None

    items.sort(key=rank)


def _environment(**extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ONEFUNNEL_", "AIRFLOW__"))}
    kept |= {name: os.environ[name] for name in ("ONEFUNNEL_REAL_DATA", "ONEFUNNEL_CHROMIUM", "ONEFUNNEL_THREADS") if name in os.environ}
    return kept | extra


@pytest.fixture(scope="session")
def build_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> BuildOnce:
    """build_once("name", make): a folder that `make` fills once for all workers of this run; the others wait for it."""
    own = tmp_path_factory.getbasetemp()
    shared = (own if worker_id == "master" else own.parent) / "shared"
    shared.mkdir(exist_ok=True)

    def build(name: str, make: Callable[[Path], None]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                assert not folder.exists(), f"{name} failed in another worker: see there"
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return build


@pytest.fixture(scope="session")
def hash_key(testrun_uid: str) -> str:
    """A key of its own for each run of the tests, the same for all its workers."""
    return hashlib.sha256(testrun_uid.encode()).hexdigest()


@pytest.fixture(scope="session")
def parsed_home(build_once: BuildOnce) -> Path:
    """A home for which dbt has parsed the project; others take its state."""
    return build_once("parsed-home", parse_project)


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory, parsed_home: Path) -> Iterator[str]:
    """The Python of the nights that tests run: its imports are made already."""
    with warm_python(tmp_path_factory.mktemp("python"), parsed_home) as program:
        yield program


@pytest.fixture(scope="session")
def run_cli(hash_key: str, python: str, request: pytest.FixtureRequest) -> RunCli:
    """Run `onefunnel …` as a process of its own; `code` is the exit code it must end with, `env` is added to the environment, `by` is
    another Python than the one that has imported already.
    """

    def run(
        *arguments: object, code: int | None = 0, env: dict[str, str] | None = None, timeout: float = 300, by: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        home = Path(str(arguments[arguments.index("--home") + 1])) if arguments[0] in ("run", "build") and "--home" in arguments else None
        if home:
            hand_on_parse(request.getfixturevalue("parsed_home"), home)
        done = subprocess.run(
            [*(by or [python]), "-m", "onefunnel.cli.main", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=timeout,
            env=_environment(**({"ONEFUNNEL_HASH_KEY": hash_key} | (env or {}))),
        )
        if home:
            hand_on_templates(request.getfixturevalue("parsed_home"), home)
        if code is not None:
            assert done.returncode == code, f"exit {done.returncode}, expected {code}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done

    return run


@pytest.fixture(scope="session")
def demo_source(build_once: BuildOnce, run_cli: RunCli) -> Path:
    """Folder of demo files with their sources.yml: 26 months to the end of March 2026, about 120 leads a month, dirt included."""

    def make(folder: Path) -> None:
        run_cli("demo-data", "--out", folder, "--seed", 7, "--months", 26, "--leads-per-month", 120, "--end", DEMO_AS_OF)

    return build_once("demo-source", make)


@pytest.fixture(scope="session")
def offline() -> tuple[str, ...]:
    """A Python in a network namespace of its own, where there is not even a loopback to call; nothing where this machine allows none."""
    alone = ("unshare", "-rn")
    is_allowed = shutil.which("unshare") and subprocess.run([*alone, "true"], capture_output=True, check=False).returncode == 0
    return (*alone, sys.executable) if is_allowed else ()


@pytest.fixture(scope="session")
def demo_home(build_once: BuildOnce, run_cli: RunCli, demo_source: Path, offline: tuple[str, ...]) -> Path:
    """Home of a published demo night, which had no network (test_night.py)."""

    def make(home: Path) -> None:
        run_cli("run", "--sources", demo_source / "sources.yml", "--home", home, "--as-of", DEMO_AS_OF, by=offline)

    return build_once("demo-home", make)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real CRM export; without it the test is skipped."""
    named = os.environ.get("ONEFUNNEL_REAL_DATA")
    if not named or not (Path(named) / "deals.xlsx").exists():
        pytest.skip("ONEFUNNEL_REAL_DATA does not name a folder with the real CRM export")
    return Path(named)


@pytest.fixture(scope="session")
def real_home(build_once: BuildOnce, run_cli: RunCli, real_data: Path) -> Path:
    """Home of a published night on the real CRM export."""

    def make(home: Path) -> None:
        run_cli("run", "--sources", ROOT / "examples/zoho/sources.yml", "--home", home, "--as-of", REAL_AS_OF)

    return build_once("real-home", make)


@pytest.fixture(scope="session")
def little_home(build_once: BuildOnce, run_cli: RunCli) -> Callable[[str], Path]:
    """Home of a published night of one of little_delivered.AGENCIES; said.txt beside it holds what the command printed."""

    def home(name: str) -> Path:
        def make(folder: Path) -> None:
            said = run_cli("run", "--sources", write_agency(name, folder), "--home", folder / "home", "--as-of", AS_OF)
            (folder / "said.txt").write_text(said.stdout + said.stderr, encoding="utf-8")

        return build_once(f"agency-{name.replace(' ', '-')}", make) / "home"

    return home


@pytest.fixture
def demo(demo_home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """What BI reads after the demo night."""
    with duckdb.connect(str(demo_home / "published" / "current.duckdb"), read_only=True) as connection:
        yield connection


@pytest.fixture
def real(real_home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """What BI reads after the night on the real export."""
    with duckdb.connect(str(real_home / "published" / "current.duckdb"), read_only=True) as connection:
        yield connection

"""Running real Airflow for a test: one run in one process, or the whole of `airflow standalone` behind its REST API."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil

from onefunnel.airflow_home import airflow_environment
from onefunnel.project import project_root

PASSWORD = "only-for-this-test"  # noqa: S105
RUNS = "/api/v2/dags/nightly_funnel/dagRuns"


def airflow(env: Mapping[str, str], *arguments: str, timeout: float = 400) -> subprocess.CompletedProcess[str]:
    """Run one Airflow command to its end."""
    command = [sys.executable, "-m", "airflow", *arguments]
    return subprocess.run(command, env=dict(env), capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False)


def describe_dags(home: Path, sources: Path) -> dict[str, Any]:
    """What an Airflow in `home` makes of the DAG files when this is the list of sources; see describe.py."""
    command = [sys.executable, str(Path(__file__).with_name("describe.py")), str(project_root() / "dags")]
    done = subprocess.run(command, env=airflow_environment(home, sources), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def new_airflow(home: Path, sources: Path, **extra: str) -> dict[str, str]:
    """Environment of an Airflow with an empty database in `home`."""
    env = airflow_environment(home, sources, {**os.environ, "ONEFUNNEL_THREADS": "2", **extra})
    done = airflow(env, "db", "migrate")
    assert done.returncode == 0, done.stderr[-2000:]
    return env


def run_night(env: Mapping[str, str], as_of: date, sources: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the nightly DAG once, in one process, as its schedule would on the day after `as_of`."""
    chosen = {"ONEFUNNEL_SOURCES": str(sources)} if sources else {}
    return airflow({**env, **chosen}, "dags", "test", "nightly_funnel", f"{as_of + timedelta(days=1)}T12:00:00+00:00")


def task_states(env: Mapping[str, str]) -> dict[str, str]:
    """State of each task of the newest run, from Airflow's own database."""
    with contextlib.closing(sqlite3.connect(Path(env["AIRFLOW_HOME"]) / "airflow.db")) as db:
        newest = db.execute("select run_id from dag_run order by id desc limit 1").fetchone()
        return dict(db.execute("select task_id, state from task_instance where run_id = ?", newest).fetchall())


def returned(env: Mapping[str, str]) -> str:
    """Everything that tasks handed to Airflow."""
    with contextlib.closing(sqlite3.connect(Path(env["AIRFLOW_HOME"]) / "airflow.db")) as db:
        return "\n".join(str(value) for (value,) in db.execute("select value from xcom").fetchall())


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextlib.contextmanager
def standalone(home: Path, sources: Path, **extra: str) -> Iterator[httpx.Client]:
    """`airflow standalone` (all four of its services), ended with all their children. Yields a logged-in client."""
    page, worker_logs, trigger_logs = free_ports(3)
    passwords = home / "airflow" / "passwords.json"
    passwords.parent.mkdir(parents=True, exist_ok=True)
    passwords.write_text(json.dumps({"admin": PASSWORD}), encoding="utf-8")
    env = airflow_environment(home, sources, {**os.environ, "ONEFUNNEL_THREADS": "2", **extra}) | {
        "AIRFLOW__API__PORT": str(page),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{page}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{page}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__CORE__PARALLELISM": "2",
        # Only what the test triggers: no run of the schedule's own comes before it.
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(worker_logs),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(trigger_logs),
    }
    log = home / "standalone.log"
    with log.open("w", encoding="utf-8") as output:
        command = [sys.executable, "-m", "airflow", "standalone"]
        process = subprocess.Popen(command, env=env, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            with logged_in(page, 120, log) as client:
                yield client
        finally:
            end(process)


@contextlib.contextmanager
def logged_in(page: int, seconds: float, log: Path) -> Iterator[httpx.Client]:
    """A client of the Airflow that is coming up on this port, once it is healthy and has read the DAG."""
    with httpx.Client(base_url=f"http://127.0.0.1:{page}", timeout=60) as client:
        wait_for(lambda: healthy(client), seconds, f"Airflow's health, see {log}")
        token = client.post("/auth/token", json={"username": "admin", "password": PASSWORD}).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        wait_for(lambda: client.get("/api/v2/dags/nightly_funnel").status_code == 200, 60, "the DAG to be read")
        yield client


def trigger(client: httpx.Client, as_of: str) -> httpx.Response:
    """Ask for the night of a day, as a person does on the page."""
    return client.post(RUNS, json={"logical_date": None, "conf": {"as_of": as_of}})


def ended(client: httpx.Client, run: str) -> tuple[str, dict[str, str]]:
    """State of a run that has ended, and of each of its tasks."""
    state = wait_for(lambda: (s := client.get(f"{RUNS}/{run}").json()["state"]) in ("success", "failed") and s, 420, "the run to end")
    tasks = client.get(f"{RUNS}/{run}/taskInstances").json()["task_instances"]
    return state, {task["task_id"]: task["state"] for task in tasks}


def healthy(client: httpx.Client) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        parts = client.get("/api/v2/monitor/health").json()
        return all(parts[name]["status"] == "healthy" for name in ("metadatabase", "scheduler", "dag_processor"))
    return False


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, then insist; likewise its children's children, which Airflow puts into groups of their own."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.terminate()
    _, alive = psutil.wait_procs(family, timeout=10)
    for member in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(alive, timeout=10)
    process.wait(10)


def wait_for(condition: Any, seconds: float, what: str) -> Any:
    """The first truthy answer of `condition`, asked twice a second."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.5)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")

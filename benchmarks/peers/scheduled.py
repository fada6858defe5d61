"""A DAG run as Airflow runs it at night, by the Python of a peer's environment: a scheduler hands every task to a process of its own.

    python scheduled.py DAG_ID RESULT.json

Starts `airflow standalone` (scheduler, DAG processor, API server, LocalExecutor), triggers the DAG, ends it, and writes what Airflow's
database says of the run: seconds from its start to its end, tasks that succeeded, state.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from urllib.request import urlopen

import psutil

HOME = Path(os.environ["AIRFLOW_HOME"])
AIRFLOW = [sys.executable, "-m", "airflow"]
RUN = "night"
MOST_SECONDS = 2 * 60 * 60


def main(dag_id: str, result: Path) -> None:
    with (HOME / "standalone.log").open("w") as log:
        airflow = subprocess.Popen([*AIRFLOW, "standalone"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            result.write_text(json.dumps(run(dag_id)))
        finally:
            end(airflow)


def run(dag_id: str) -> dict:
    # tasks report to the API server: one that starts before it answers is a failed one
    wait_until(answers, "the API server to answer")
    wait_until(lambda: ask("select 1 from serialized_dag where dag_id = ?", dag_id), f"{dag_id} to be read")
    subprocess.run([*AIRFLOW, "dags", "trigger", "--run-id", RUN, dag_id], check=True, stdout=sys.stderr)
    ended = "select start_date, end_date, state from dag_run where dag_id = ? and run_id = ? and state in ('success', 'failed')"
    started_at, ended_at, state = wait_until(lambda: ask(ended, dag_id, RUN), f"{dag_id} to end")[0]
    seconds = (datetime.fromisoformat(ended_at) - datetime.fromisoformat(started_at)).total_seconds()
    tasks = ask("select count(*) from task_instance where dag_id = ? and run_id = ? and state = 'success'", dag_id, RUN)[0][0]
    return {"seconds": seconds, "tasks": tasks, "state": state}


def answers() -> bool:
    with suppress(OSError), urlopen("http://localhost:8080/api/v2/monitor/health", timeout=10) as answer:
        return answer.status == 200
    return False


def ask(question: str, *values: str) -> list[tuple]:
    with closing(sqlite3.connect(HOME / "airflow.db", timeout=60)) as db:
        return db.execute(question, values).fetchall()


def wait_until(condition, what: str):
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(1)
    raise TimeoutError(f"waited {MOST_SECONDS} s for {what}")


def end(airflow: subprocess.Popen) -> None:
    family = psutil.Process(airflow.pid).children(recursive=True)
    airflow.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        airflow.wait(20)
    _, alive = psutil.wait_procs(family, timeout=5)
    for member in alive:
        with suppress(psutil.NoSuchProcess):
            member.kill()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

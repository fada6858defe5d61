"""The services of docker-compose.yml by their own commands, without Docker: a word is mapped in the mounted folder, no image is built."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import httpx
import psycopg
import pytest
from compose_file import Compose
from nights import ROOT
from postgres_server import running_postgres
from running import PASSWORD, end, ended, free_ports, logged_in, trigger

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.nightly, pytest.mark.timeout(900)]
SERVICES = ("airflow-api-server", "airflow-scheduler", "airflow-dag-processor")
LEADS = "lead_id,created_at,channel\nL1,2026-01-05 10:00,carrier pigeon\nL2,2026-01-06 10:00,seo\n"
SOURCES = """version: 1
words: words
sources:
  - {name: crm, system: template, connector: files, entities: {leads: {path: leads.csv}}}
"""


@dataclass
class Deployment:
    """The services that run, the folder that ONEFUNNEL_SOURCES_DIR mounts, and the volume of the home."""

    api: httpx.Client
    sources: Path
    home: Path

    def night(self, day: str) -> dict[str, str]:
        """Trigger the night of a day as a person would on the page; channel of each published lead."""
        state, tasks = ended(self.api, trigger(self.api, day).json()["dag_run_id"])
        assert state == "success", tasks
        with duckdb.connect(str(self.home / "published" / "current.duckdb"), read_only=True) as db:
            return dict(db.execute("select lead_id, channel_key from facts.fct_lead_funnel").fetchall())


@pytest.fixture
def deployed(tmp_path: Path, hash_key: str) -> Iterator[Deployment]:
    folders = {name: tmp_path / name for name in ("sources", "home", "airflow", "memory", "postgres")}
    for folder in folders.values():
        folder.mkdir()
    (folders["sources"] / "sources.yml").write_text(SOURCES, encoding="utf-8")
    (folders["sources"] / "leads.csv").write_text(LEADS, encoding="utf-8")
    (folders["sources"] / "words").mkdir()
    page, health, worker_logs = free_ports(3)
    with running_postgres(folders["postgres"], "airflow") as server, contextlib.ExitStack() as stack:
        with psycopg.connect(f"postgresql://airflow@{server}/postgres", autocommit=True) as db:
            db.execute("create database airflow")
        compose = Compose(
            {
                "AIRFLOW_FERNET_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
                "AIRFLOW_API_SECRET_KEY": hash_key,
                "AIRFLOW_JWT_SECRET": hash_key[::-1],
                "AIRFLOW_ADMIN_PASSWORD": PASSWORD,
                "POSTGRES_PASSWORD": "unused",
                "ONEFUNNEL_HASH_KEY": hash_key,
                "ONEFUNNEL_SOURCES_DIR": str(folders["sources"]),
            },
            {
                "/opt/onefunnel": str(ROOT),
                "/var/lib/onefunnel": str(folders["home"]),
                "/opt/airflow": str(folders["airflow"]),
                "/run/airflow": str(folders["memory"]),
                "@postgres/": f"@{server}/",
                "airflow-api-server:8080": f"127.0.0.1:{page}",
            },
        )
        # side by side on one machine the services need ports of their own; no run of the schedule's comes before the test's
        instead = {
            "AIRFLOW__API__PORT": str(page),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(health),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(worker_logs),
            "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
        }
        init = compose.service("airflow-init", **instead)
        subprocess.run(init.command, env=init.environment, check=True, capture_output=True, timeout=200)
        for name in SERVICES:
            service = compose.service(name, **instead)
            output = stack.enter_context((tmp_path / f"{name}.log").open("w", encoding="utf-8"))
            process = subprocess.Popen(service.command, env=service.environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
            stack.callback(end, process)
        with logged_in(page, 180, tmp_path) as client:
            yield Deployment(client, folders["sources"], folders["home"])


def test_a_word_is_mapped_in_the_mounted_folder_and_no_image_is_built(deployed: Deployment) -> None:
    shipped = {path: path.read_bytes() for path in (ROOT / "seeds").iterdir()}
    assert deployed.night("2026-01-30") == {"L1": "unmapped", "L2": "seo"}
    (deployed.sources / "words" / "channel_mapping.csv").write_text(
        "source_system,source_value,channel_key\ntemplate,Carrier Pigeon,referral\n"
    )
    assert deployed.night("2026-01-31") == {"L1": "referral", "L2": "seo"}
    assert json.loads((deployed.home / "published" / "manifest.json").read_text())["as_of"] == "2026-01-31"
    assert {path: path.read_bytes() for path in (ROOT / "seeds").iterdir()} == shipped

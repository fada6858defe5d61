"""The team deployment, read as Docker Compose would: what starts, what is kept, what must be set, who sees which secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
SERVICES = ["airflow-api-server", "airflow-dag-processor", "airflow-init", "airflow-scheduler", "airflow-triggerer", "postgres"]
VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?P<rule>[^}]*)\}")


@pytest.fixture(scope="module")
def text() -> str:
    return (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def compose(text: str) -> dict:
    return yaml.safe_load(text)


@pytest.fixture(scope="module")
def env_example() -> dict[str, str]:
    """Variable -> the comment right above it."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    found = [(index, re.match(r"(?:# )?([A-Z][A-Z_]+)=", line)) for index, line in enumerate(lines)]
    return {match[1]: lines[index - 1] for index, match in found if match}


def test_every_part_of_airflow_is_there(compose):
    assert sorted(compose["services"]) == SERVICES
    commands = {name: " ".join(service.get("command", [])) for name, service in compose["services"].items()}
    for part in ("api-server", "scheduler", "dag-processor", "triggerer"):
        assert f"airflow {part}" in commands[f"airflow-{part}"]


def test_every_lasting_service_has_a_health_check_and_comes_back(compose):
    for name, service in compose["services"].items():
        if name != "airflow-init":
            assert service["healthcheck"]["test"][0] == "CMD", name
            assert service["restart"] == "unless-stopped", name


def test_nothing_starts_before_the_database_is_migrated(compose):
    assert compose["services"]["airflow-init"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in SERVICES:
        if name not in ("postgres", "airflow-init"):
            assert compose["services"][name]["depends_on"] == {"airflow-init": {"condition": "service_completed_successfully"}}


def test_data_outlive_the_containers(compose):
    named = {volume.split(":")[0] for service in compose["services"].values() for volume in service["volumes"] if volume[0] not in "./$"}
    assert named == set(compose["volumes"]) == {"postgres-data", "airflow-logs", "onefunnel-home"}
    assert "onefunnel-home:/var/lib/onefunnel" in compose["services"]["airflow-scheduler"]["volumes"]


def test_no_password_or_key_has_a_default_and_a_missing_one_says_what_to_set(text):
    for match in VARIABLE.finditer(text):
        if re.search("PASSWORD|KEY|SECRET", match["name"]) and match["name"] != "ONEFUNNEL_KEEP_VERSIONS":
            assert match["rule"].startswith(f":?set {match['name']} in .env"), match[0]


def test_every_variable_is_explained_in_env_example(text, env_example):
    assert {match["name"] for match in VARIABLE.finditer(text)} <= set(env_example)


def test_every_variable_of_env_example_has_one_comment_and_no_secret(env_example):
    assert all(re.match(r"# \S.{10,}", comment) for comment in env_example.values()), env_example
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    assert all(line.endswith("=") for line in lines if re.match(r"[A-Z]", line))


def test_every_setting_is_in_env_example(env_example):
    from onefunnel.settings import Settings

    assert {f"ONEFUNNEL_{name.upper()}" for name in Settings.model_fields} <= set(env_example)


def test_only_the_scheduler_is_given_the_secrets_of_the_pipeline(compose):
    for name, service in compose["services"].items():
        holds = (
            any(key in ("ONEFUNNEL_HASH_KEY", "ONEFUNNEL_ALERT_URLS") for key in service.get("environment", {})) or "env_file" in service
        )
        assert holds == (name == "airflow-scheduler"), name


def test_the_page_of_airflow_is_open_to_this_machine_only(compose):
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert len(ports) == 1
    assert ports[0].startswith("127.0.0.1:")


def test_the_image_installs_the_lock_and_runs_as_an_ordinary_user():
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"pip install .*--require-hashes --requirement /tmp/requirements.lock", dockerfile)
    last_user = re.findall(r"^USER (\S+)", dockerfile, re.MULTILINE)[-1]
    assert last_user not in ("root", "0")
    copied = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".env", ".git", "data"} <= set(copied)

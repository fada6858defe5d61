"""The demo empties only what it made itself, and its Airflow neither reads nor writes anybody else's."""

from __future__ import annotations

import pytest

from onefunnel.airflow_demo import MARKER, prepare_home, run_airflow
from onefunnel.airflow_home import airflow_environment
from onefunnel.errors import ConfigError, OnefunnelError


def test_a_home_with_data_of_others_is_refused_and_left_alone(tmp_path):
    landed = tmp_path / "landing" / "template" / "leads.parquet"
    landed.parent.mkdir(parents=True)
    landed.write_bytes(b"mine")
    with pytest.raises(ConfigError, match="did not make"):
        prepare_home(tmp_path, keep=False)
    assert landed.read_bytes() == b"mine"
    assert not (tmp_path / MARKER).exists()


def test_a_demo_starts_afresh_and_spares_what_is_not_its_own(tmp_path):
    prepare_home(tmp_path, keep=False)
    (tmp_path / "published" / "versions").mkdir(parents=True)
    (tmp_path / "state.sqlite").touch()
    (tmp_path / "notes.txt").touch()
    prepare_home(tmp_path, keep=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == [MARKER, "notes.txt"]


@pytest.mark.parametrize("keep", [True, False])
def test_a_home_of_the_demo_that_has_landed_other_sources_since_is_left_alone(tmp_path, keep):
    prepare_home(tmp_path, keep=False)
    for source in ("demo", "crm"):
        (tmp_path / "landing" / "template" / "leads" / f"source={source}").mkdir(parents=True)
    with pytest.raises(ConfigError, match="did not make") as error:
        prepare_home(tmp_path, keep)
    assert "source=crm" in error.value.where
    assert "source=demo" not in error.value.where
    assert (tmp_path / "landing" / "template" / "leads" / "source=crm").exists()


def test_a_demo_can_go_on_from_the_last_one(tmp_path):
    prepare_home(tmp_path, keep=False)
    (tmp_path / "published").mkdir()
    prepare_home(tmp_path, keep=True)
    assert (tmp_path / "published").exists()


def test_airflow_lives_under_the_home_and_calls_nobody(tmp_path):
    base = {
        "PATH": "/bin",
        "AIRFLOW__CORE__EXECUTOR": "other",
        "AIRFLOW_HOME": "/other",
        "AIRFLOW_CONN_CRM": "postgresql://x",
        "ONEFUNNEL_THREADS": "1",
    }
    env = airflow_environment(tmp_path / "home", tmp_path / "sources.yml", base)
    assert env["AIRFLOW_HOME"] == str(tmp_path / "home" / "airflow")
    assert env["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] == "False"
    assert "AIRFLOW__CORE__EXECUTOR" not in env
    assert (env["AIRFLOW_CONN_CRM"], env["ONEFUNNEL_THREADS"]) == ("postgresql://x", "1")
    assert env["PATH"].endswith("/bin")


@pytest.mark.airflow
def test_a_failed_command_of_airflow_is_told_with_the_end_of_its_log(tmp_path):
    env = airflow_environment(tmp_path / "home", tmp_path / "sources.yml")
    with pytest.raises(OnefunnelError, match="no-such-command"):
        run_airflow(["dags", "no-such-command"], env, tmp_path / "log")
    assert (tmp_path / "log").read_text(encoding="utf-8")

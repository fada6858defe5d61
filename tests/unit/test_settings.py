"""Settings come from the environment, are checked, and never show a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from onefunnel.errors import ConfigError
from onefunnel.settings import HomePaths, load_settings, redact, secret_variables


def test_variables_defaults_and_overrides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ONEFUNNEL_KEEP_VERSIONS", "3")
    monkeypatch.setenv("ONEFUNNEL_HOME", "elsewhere")
    monkeypatch.setenv("ONEFUNNEL_THREADS", "")
    settings = load_settings(home=tmp_path, sources=None)
    assert (settings.home, settings.keep_versions, settings.threads, settings.sources) == (tmp_path, 3, 2, Path("sources.yml"))


def test_every_path_is_below_the_home_and_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = load_settings(home=Path("data")).paths
    names = [name for name, value in vars(HomePaths).items() if isinstance(value, property)]
    assert len(names) >= 11
    assert all(getattr(paths, name).is_relative_to(tmp_path / "data") for name in names)


@pytest.mark.parametrize(("variable", "value"), [("KEEP_VERSIONS", "0"), ("THREADS", "many"), ("MEMORY_LIMIT", "lots")])
def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(f"ONEFUNNEL_{variable}", value)
    with pytest.raises(ConfigError) as error:
        load_settings()
    assert error.value.where == f"environment variable ONEFUNNEL_{variable}"


def test_printing_settings_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEFUNNEL_HASH_KEY", "canary-key-0123456789")
    monkeypatch.setenv("ONEFUNNEL_ALERT_URLS", "slack://canary")
    settings = load_settings()
    assert "canary" not in f"{settings} {settings!r} {settings.model_dump_json()}"


def test_secret_variables_and_redaction(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AIRFLOW_CONN_CRM", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__CORE__FERNET_KEY", "PGPASSWORD"):
        monkeypatch.setenv(name, "postgresql://u:p@h/d")
        assert name in secret_variables()
    monkeypatch.setenv("AIRFLOW_HOME", "/opt/airflow")
    assert "AIRFLOW_HOME" not in secret_variables()
    assert secret_variables(["CRM_DATABASE_URL"]) >= {"ONEFUNNEL_HASH_KEY", "ONEFUNNEL_ALERT_URLS", "AIRFLOW_CONN_CRM", "CRM_DATABASE_URL"}
    assert (
        redact("could not reach u:secret@host with secret-long", ["secret", "secret-long", None, "", "u"])
        == "could not reach u:***@host with ***"
    )

"""The one place that reads the environment: settings of this machine, as opposed to sources.yml, which says what is loaded."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from onefunnel.errors import ConfigError

# Connections and keys of the scheduler and of databases, which no child of ours needs.
SHAPED_LIKE_SECRETS = re.compile(r"AIRFLOW_CONN_|(AIRFLOW_|POSTGRES_|PG).*(CONN|KEY|SECRET|PASSWORD|TOKEN)")


@dataclass(frozen=True)
class HomePaths:
    """Everything a home holds. Only `published` is for readers; the rest is private to the pipeline."""

    home: Path

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.home / "published"

    @property
    def versions(self) -> Path:
        return self.published / "versions"

    @property
    def current(self) -> Path:
        return self.published / "current.duckdb"

    @property
    def manifest(self) -> Path:
        return self.published / "manifest.json"

    @property
    def report_dir(self) -> Path:
        return self.published / "report"

    @property
    def quality(self) -> Path:
        return self.home / "quality"

    @property
    def state(self) -> Path:
        return self.home / "state.sqlite"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def target(self) -> Path:
        """What dbt compiles and reports."""
        return self.home / "target"

    @property
    def spark(self) -> Path:
        """What a build on Spark is handed and makes; removed when it has ended well."""
        return self.home / "spark"

    @property
    def sandboxes(self) -> Path:
        """Analysts' copies of the warehouse, each laid out as a home."""
        return self.home / "sandboxes"


class Settings(BaseSettings):
    """Settings by environment variable ONEFUNNEL_<NAME>. Secrets are SecretStr, so that printing settings shows none."""

    model_config = SettingsConfigDict(env_prefix="ONEFUNNEL_", env_ignore_empty=True, extra="ignore")

    home: Path = Field(Path("data"), description="Folder of landing, warehouse, publications and state")
    sources: Path = Field(Path("sources.yml"), description="The list of sources")
    hash_key: SecretStr | None = Field(None, description="Secret key under which personal data is hashed; at least 16 characters")
    alert_urls: SecretStr | None = Field(None, description="Where alerts go: apprise URLs, separated by commas")
    publish_postgres_url: SecretStr | None = Field(None, description="Postgres to publish to as well, as a role that may create schemas")
    publish_postgres_reader: str = Field("onefunnel_reader", description="Postgres role of BI; it may select from the views only")
    sandbox: str | None = Field(None, description="The sandbox that dbt's target `sandbox` and onefunnel diff mean")
    publish_facts: bool = Field(
        False, description="Publish the facts as Parquet and to Postgres, too; marts and dimensions are there always"
    )
    keep_versions: int = Field(7, ge=1, description="Published versions to keep for rollback")
    threads: int = Field(2, ge=1, description="Threads of DuckDB and dbt")
    memory_limit: str = Field("4GB", pattern=r"^\d+(\.\d+)?\s?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$", description="Memory limit of DuckDB")
    engine: Literal["duckdb", "spark"] = Field(
        "duckdb", description="What builds: duckdb, or spark where one machine is outgrown (docs/scale.md)"
    )
    spark_python: Path | None = Field(
        None, description="Python of the environment that holds dbt-spark and pyspark; .venv-spark of the project, if not set"
    )
    real_data: Path | None = Field(None, description="Folder of the real CRM export that examples/zoho and some tests read")

    @property
    def paths(self) -> HomePaths:
        """The home's paths, absolute: a later change of directory moves nothing."""
        return HomePaths(self.home.expanduser().resolve())


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment; overrides that are None are ignored. Raises ConfigError naming the variable."""
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        variable = f"ONEFUNNEL_{str(first['loc'][0]).upper()}"
        raise ConfigError(f"{first['msg']}", where=f"environment variable {variable}", hint="see .env.example") from None


def secret_variables(url_variables: Iterable[str] = ()) -> set[str]:
    """Names of the environment variables that hold secrets: never handed to a child process, never shown."""
    shaped = {name for name in os.environ if SHAPED_LIKE_SECRETS.match(name)}
    return {"ONEFUNNEL_HASH_KEY", "ONEFUNNEL_ALERT_URLS", "ONEFUNNEL_PUBLISH_POSTGRES_URL", *shaped, *url_variables}


def secret_value(variable: str, where: str, hint: str) -> str:
    """What the variable holds. Raises ConfigError that names it where it is not set or blank."""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise ConfigError(f"the environment variable {variable} is not set", where=where, hint=hint)
    return value


def redact(text: str, secrets: Iterable[str | None]) -> str:
    """The text with every given secret replaced by ***. Shorter than four characters is no secret: it would blank ordinary words."""
    for secret in sorted({s for s in secrets if s and len(s) >= 4}, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text

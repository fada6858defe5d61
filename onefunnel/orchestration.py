"""What the DAG files call: the plan they are drawn from, and each step of the night inside an Airflow task.

Imported by the DAG processor every few seconds, so nothing heavier than YAML and the settings is imported at the top.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from onefunnel.errors import ConfigError, GateBlocked, OnefunnelError
from onefunnel.project import project_root
from onefunnel.settings import load_settings
from onefunnel.yaml_text import load_yaml

log = logging.getLogger(__name__)

# The choices of whoever triggered the run that a step takes besides the day.
CHOICES = {"build": ("full_refresh",), "publish": ("force",)}
# Airflow keeps what a task returns in its own database: room for counts and names, not for data.
MAX_RETURN_BYTES = 48_000


@dataclass(frozen=True)
class Plan:
    """What the shape of the DAG depends on: one extraction task per source, the clock in the reporting time zone."""

    sources: tuple[str, ...]
    time_zone: str = "UTC"
    schedule: str = "0 4 * * *"


@dataclass(frozen=True)
class Night:
    """The day a DAG run is about, and the choices of whoever triggered it."""

    as_of: date
    run_id: str
    full_refresh: bool = False
    force: bool = False


def sources_path() -> Path:
    """The sources.yml of this deployment (ONEFUNNEL_SOURCES). A relative one counts from the project: Airflow's directory means nothing."""
    return project_root() / load_settings().sources


def read_plan(path: Path | None = None) -> Plan:
    """The names, the schedule and the time zone in sources.yml, unvalidated: the tasks load the whole file and say what is wrong with it.

    Raises ConfigError when the file is missing or names no source, which Airflow shows as the DAG's import error.
    """
    path = path or sources_path()
    try:
        content = load_yaml(path.read_text(encoding="utf-8"))
        names = tuple(source["name"] for source in content["sources"] if source.get("enabled", True))
        clock = {"time_zone": (content.get("reporting") or {}).get("time_zone"), "schedule": content.get("schedule")}
    except FileNotFoundError:
        raise ConfigError("the list of sources is missing", where=str(path), hint="set ONEFUNNEL_SOURCES to your sources.yml") from None
    except (yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        raise ConfigError(f"not a list of sources: {error}", where=str(path), hint="check it with `onefunnel doctor`") from None
    if not names:
        raise ConfigError("no source is enabled", where=str(path), hint="add one with `onefunnel new-source`")
    return Plan(names, **{key: value for key, value in clock.items() if value})


def night_of(context: Mapping[str, Any], time_zone: str) -> Night:
    """The night of a DAG run: the parameter as_of, else the last whole local day before the end of the data interval.

    A run triggered by hand without a date has no data interval in Airflow 3: then the moment it runs after counts.
    """
    params = context["params"]
    end: datetime = context.get("data_interval_end") or context["dag_run"].run_after
    last_whole_day = end.astimezone(ZoneInfo(time_zone)).date() - timedelta(days=1)
    as_of = date.fromisoformat(params["as_of"]) if params.get("as_of") else last_whole_day
    yesterday = datetime.now(ZoneInfo(time_zone)).date() - timedelta(days=1)
    if as_of > yesterday:
        raise ConfigError(f"as_of {as_of} is not over yet", where="DAG parameter as_of", hint=f"take {yesterday} or earlier")
    return Night(as_of, context["run_id"], bool(params.get("full_refresh")), bool(params.get("force")))


def compact(result: Any) -> dict[str, Any]:
    """A step's result as Airflow may keep it: plain JSON, and a note instead when it is too large."""
    text = json.dumps(result if isinstance(result, dict) else {"result": result}, default=str)
    return json.loads(text) if len(text) <= MAX_RETURN_BYTES else {"note": f"{len(text)} bytes of result; see the task log"}


def run_step(step: str, **arguments: Any) -> dict[str, Any]:
    """Run one step of the night (a function `<step>_step` of onefunnel.nightly) inside an Airflow task.

    A wrong configuration and a closed gate do not heal by repetition: they fail the task at once. Anything else is retried.
    """
    from airflow.sdk import get_current_context
    from airflow.sdk.exceptions import AirflowFailException

    from onefunnel import nightly
    from onefunnel.config import load_config

    try:
        settings = load_settings()
        config = load_config(sources_path())
        night = night_of(get_current_context(), config.reporting.time_zone)
        log.info("%s as of %s", step, night.as_of)
        arguments |= {choice: getattr(night, choice) for choice in CHOICES.get(step, ())}
        return compact(getattr(nightly, f"{step}_step")(settings, config, night.as_of, night.run_id, **arguments))
    except (ConfigError, GateBlocked) as error:
        raise AirflowFailException(str(error)) from None
    except OnefunnelError as error:
        log.error("%s", error)
        raise


def run_watchdog() -> dict[str, Any]:
    """Look whether the last night ran and lives, alert if not, and deliver what a dead channel held back."""
    from onefunnel.alerts import watch

    watched = watch(load_settings())
    if watched.problem:
        log.warning("%s", watched.problem)
    return compact(asdict(watched))

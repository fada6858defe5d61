"""`onefunnel doctor`: everything a night needs, looked at before the night, and how to mend what is missing. Changes nothing."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from onefunnel.config import PipelineConfig, load_config
from onefunnel.errors import OnefunnelError
from onefunnel.project import project_root
from onefunnel.settings import Settings
from onefunnel.sources import DatabaseSource, FilesSource, SingerSource
from onefunnel.words import STAGES, count_replaced

Verdict = Literal["ok", "warning", "failed"]
SUPPORTED = ((3, 11), (3, 13))
MIN_FREE_BYTES = 2 * 1024**3
# A night writes a new warehouse, a candidate and a publication beside the old ones.
COPIES_OF_A_NIGHT = 3


@dataclass(frozen=True)
class Check:
    """One thing looked at. `mend` says what to do and is empty when all is well."""

    name: str
    status: Verdict
    found: str
    mend: str = ""


def examine(settings: Settings, environment: Mapping[str, str] | None = None) -> list[Check]:
    """Every check, in the order of a night. A check that cannot be made counts as failed."""
    env = os.environ if environment is None else environment
    checks = [_guarded("python", _python), *_guarded_all("packages", _packages), _guarded("project", _project)]
    config: PipelineConfig | None = None
    try:
        config = load_config(settings.sources)
        checks.append(Check("sources", "ok", f"{settings.sources}: {', '.join(s.name for s in config.enabled_sources)}"))
    except OnefunnelError as error:
        checks.append(_as_check("sources", error))
    if config is not None:
        checks += _guarded_all("words", partial(_words, config))
        for source in config.enabled_sources:
            checks += _guarded_all(f"source {source.name}", partial(_source, settings, config, source, env))
    checks += [
        _guarded("hash key", lambda: _hash_key(settings)),
        _guarded("alerts", lambda: _alerts(settings)),
        _guarded("home", lambda: _home(settings)),
        _guarded("disk space", lambda: _disk_space(settings)),
        _guarded("lock", lambda: _lock(settings)),
        _guarded("publication", lambda: _publication(settings)),
        *_guarded_all("airflow", lambda: _airflow(settings, env)),
        _guarded("telemetry", lambda: _telemetry(env)),
    ]
    return checks


def is_fit(checks: list[Check]) -> bool:
    """Whether a night can run: nothing failed. Warnings do not stop one."""
    return all(check.status != "failed" for check in checks)


def to_dict(checks: list[Check]) -> dict[str, Any]:
    """As `onefunnel doctor --json` prints it."""
    return {"ok": is_fit(checks), "checks": [asdict(check) for check in checks]}


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except OnefunnelError as error:
        return _as_check(name, error)
    except Exception as error:
        return _unexamined(name, error)


def _guarded_all(name: str, checks: Callable[[], Iterator[Check]]) -> list[Check]:
    made: list[Check] = []
    try:
        for check in checks():
            made.append(check)
    except OnefunnelError as error:
        made.append(_as_check(name, error))
    except Exception as error:
        made.append(_unexamined(name, error))
    return made


def _unexamined(name: str, error: Exception) -> Check:
    return Check(name, "failed", f"could not be checked: {type(error).__name__}: {error}", "mend that and repeat")


def _as_check(name: str, error: OnefunnelError) -> Check:
    return Check(name, "failed", f"{error.message} ({error.where})" if error.where else error.message, error.hint)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    first, last = SUPPORTED
    if first <= sys.version_info[:2] <= last:
        return Check("python", "ok", version)
    return Check("python", "failed", version, "use Python 3.11, 3.12 or 3.13: make clean && make PYTHON=python3.12 demo")


def _packages() -> Iterator[Check]:
    """What pyproject.toml demands must hold; what differs from requirements.lock is untried, not wrong."""
    from packaging.requirements import Requirement

    wrong = []
    for text in metadata.requires("onefunnel") or []:
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        installed = _installed(requirement.name)
        if installed is None:
            wrong.append(f"{requirement.name} is missing")
        elif not requirement.specifier.contains(installed, prereleases=True):
            wrong.append(f"{requirement.name} {installed} is not {requirement.specifier}")
    mend = "pip install --require-hashes -r requirements.lock"
    yield Check("packages", "failed", "; ".join(wrong), mend) if wrong else Check("packages", "ok", "all that pyproject.toml demands")
    untried = list(_differing(project_root() / "requirements.lock"))
    if untried:
        yield Check("pins", "warning", f"not as in requirements.lock: {', '.join(untried[:5])}{' …' if len(untried) > 5 else ''}", mend)


def _differing(lock: Path) -> Iterator[str]:
    """Installed packages that differ from the pins for this Python and platform. Pins that are not installed are for tests."""
    from packaging.requirements import Requirement

    for line in re.findall(r"^[A-Za-z0-9].*?==.*?(?= \\$)", lock.read_text(encoding="utf-8"), re.MULTILINE):
        pin = Requirement(line)
        if pin.name == "setuptools" or (pin.marker and not pin.marker.evaluate()):
            continue
        installed = _installed(pin.name)
        if installed is not None and not pin.specifier.contains(installed, prereleases=True):
            yield f"{pin.name} {installed} (pinned {pin.specifier})"


@cache
def _installed(package: str) -> str | None:
    """Version of a package; a process does not see others come and go, and reading all their descriptions takes half a second."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _project() -> Check:
    root = project_root()
    missing = [name for name in ("models", "seeds", "dbt_project", "expectations", "dashboards") if not (root / name).is_dir()]
    if missing:
        return Check("project", "failed", f"{root} lacks {', '.join(missing)}", "set ONEFUNNEL_PROJECT_DIR to a whole copy of the project")
    return Check("project", "ok", str(root))


def _source(settings: Settings, config: PipelineConfig, source: Any, env: Mapping[str, str]) -> Iterator[Check]:
    name = f"source {source.name}"
    if isinstance(source, FilesSource):
        from onefunnel.extract.files import find_files

        empty = []
        for entity, files in source.entities.items():
            _, found = find_files(files.path, config.folder, f"{config.file}, source {source.name}, {entity}")
            if not found and source.expected != "normal_empty":
                empty.append(f"{entity} ({files.path})")
        if empty:
            yield Check(name, "failed", f"no file for {', '.join(empty)}", "put the files there, mend the path, or set enabled: false")
            return
    elif isinstance(source, DatabaseSource) and source.airflow_connection:
        variable = f"AIRFLOW_CONN_{source.airflow_connection.upper()}"
        if not env.get(variable):
            yield Check(name, "warning", f"{variable} is not set", "fine if Airflow's own database holds the connection; else set it")
    elif isinstance(source, SingerSource):
        from onefunnel.taps import find_tap

        find_tap(settings, source.tap, f"{config.file}: source {source.name}")
    secrets = config.model_copy(update={"sources": (source,)}).secret_variables
    unset = sorted(variable for variable in secrets if not env.get(variable))
    if unset:
        yield Check(name, "failed", f"not set: {', '.join(unset)}", "set them where the night runs; never write them into sources.yml")
        return
    yield Check(name, "ok", f"{source.connector}: {', '.join(source.entities)}")


def _words(config: PipelineConfig) -> Iterator[Check]:
    for name, lines in config.own_words.items():
        if name == STAGES:
            yield Check("words", "ok", f"{config.words}/{name}.csv: {len(lines)} line(s) replace the shipped stages")
            continue
        replaced = count_replaced(name, lines)
        yield Check("words", "ok", f"{config.words}/{name}.csv: {len(lines)} line(s), of which {replaced} win over a shipped one")


def _hash_key(settings: Settings) -> Check:
    from onefunnel.extract.normalise import MAKE_A_KEY, MIN_KEY_CHARACTERS, require_key

    if (settings.paths.landing / "key.json").exists():
        require_key(settings.hash_key, settings.paths.landing, "environment")
        return Check("hash key", "ok", "set, and the one this landing was made with")
    if settings.hash_key is None:
        return Check("hash key", "warning", "ONEFUNNEL_HASH_KEY is not set: sources with personal data cannot be landed", MAKE_A_KEY)
    if len(settings.hash_key.get_secret_value()) < MIN_KEY_CHARACTERS:
        return Check("hash key", "failed", f"ONEFUNNEL_HASH_KEY is shorter than {MIN_KEY_CHARACTERS} characters", MAKE_A_KEY)
    return Check("hash key", "ok", "set")


def _alerts(settings: Settings) -> Check:
    if settings.alert_urls is None:
        return Check("alerts", "warning", "ONEFUNNEL_ALERT_URLS is not set: alerts stay in the outbox", "set it; see docs/runbook.md")
    import apprise

    urls = [url.strip() for url in settings.alert_urls.get_secret_value().split(",") if url.strip()]
    wrong = [position for position, url in enumerate(urls, start=1) if apprise.Apprise.instantiate(url, suppress_exceptions=True) is None]
    if wrong:
        numbers = ", ".join(map(str, wrong))
        return Check("alerts", "failed", f"ONEFUNNEL_ALERT_URLS: number {numbers} is not understood", "write it as apprise does: slack://…")
    return Check("alerts", "ok", f"{len(urls)} channel(s)")


def _home(settings: Settings) -> Check:
    home = settings.paths.home
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=existing, prefix=".doctor-"):
            pass
    except OSError as error:
        return Check("home", "failed", f"{existing}: {error.strerror}", "make it writable, or choose another with ONEFUNNEL_HOME")
    return Check("home", "ok", str(home) if existing == home else f"{home} (will be made)")


def _disk_space(settings: Settings) -> Check:
    home = settings.paths.home
    free = shutil.disk_usage(next(folder for folder in (home, *home.parents) if folder.exists())).free
    warehouse = settings.paths.warehouse
    needed = max(MIN_FREE_BYTES, COPIES_OF_A_NIGHT * warehouse.stat().st_size if warehouse.exists() else 0)
    found = f"{free / 1024**3:.1f} GB free, {needed / 1024**3:.1f} GB wanted"
    if free < needed:
        return Check("disk space", "failed", found, "free some, lower ONEFUNNEL_KEEP_VERSIONS, or move ONEFUNNEL_HOME")
    return Check("disk space", "ok", found)


def _lock(settings: Settings) -> Check:
    from onefunnel.locking import RUN_LOCK, is_locked, read_holder

    lock = settings.paths.home / RUN_LOCK
    if not is_locked(lock):
        return Check("lock", "ok", "free")
    holder = read_holder(lock)
    found = f"held by process {holder.get('pid', '?')} on {holder.get('host', '?')} since {holder.get('since', '?')}"
    return Check("lock", "warning", found, "let that run finish; a killed process frees the lock by itself")


def _publication(settings: Settings) -> Check:
    if not settings.paths.current.exists():
        return Check("publication", "ok", "none yet")
    import duckdb

    from onefunnel.publish.status import status

    try:
        with duckdb.connect(str(settings.paths.current), read_only=True) as connection:
            connection.execute("select version from marts.mart_publication").fetchall()
    except duckdb.Error as error:
        return Check("publication", "failed", f"unreadable: {error}", "onefunnel rollback, or run the night again")
    state = status(settings)
    if state.problems:
        return Check("publication", "warning", "; ".join(state.problems), "see onefunnel status and docs/runbook.md")
    return Check("publication", "ok", state.sentence)


def _airflow(settings: Settings, env: Mapping[str, str]) -> Iterator[Check]:
    dags = project_root() / "dags"
    folder = env.get("AIRFLOW__CORE__DAGS_FOLDER")
    if not folder and not env.get("AIRFLOW_HOME"):
        yield Check("airflow", "ok", "not set up here; the command line needs none")
        return
    if not folder or Path(folder).resolve() != dags.resolve():
        yield Check("airflow", "warning", f"its DAG folder is {folder or 'the default'}", f"set AIRFLOW__CORE__DAGS_FOLDER={dags}")
    else:
        yield Check("airflow", "ok", f"DAGs of {dags}")
    if not settings.home.is_absolute() or not settings.sources.is_absolute():
        yield Check("airflow paths", "warning", "ONEFUNNEL_HOME or ONEFUNNEL_SOURCES is relative", "give Airflow absolute paths")


def _telemetry(env: Mapping[str, str]) -> Check:
    """dbt is silenced in dbt_project.yml and Great Expectations where it is imported; Airflow listens to its environment only."""
    loud = []
    if "send_anonymous_usage_stats: false" not in (project_root() / "dbt_project.yml").read_text(encoding="utf-8"):
        loud.append(("dbt", "flags: {send_anonymous_usage_stats: false} in dbt_project.yml"))
    if env.get("AIRFLOW_HOME") and env.get("AIRFLOW__USAGE_DATA_COLLECTION__ENABLED", "").lower() != "false":
        loud.append(("Airflow", "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False"))
    if loud:
        who, how = zip(*loud, strict=True)
        return Check("telemetry", "warning", f"{' and '.join(who)} may call home", f"set {', '.join(how)}")
    return Check("telemetry", "ok", "off")

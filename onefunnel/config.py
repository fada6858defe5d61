"""sources.yml as typed objects: what is loaded, from where, how it writes dates and money, and what is acceptable.

Unknown keys are errors, and every error names file, line and what to do. Secrets are named here by variable, never written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import Field, PrivateAttr, ValidationError, model_validator

from onefunnel.entities import check_known, overlaps_of
from onefunnel.errors import ConfigError
from onefunnel.sources import ApiSource, Currency, DatabaseSource, Percent, RestSource, SingerSource, Source, Strict, TimeZone
from onefunnel.words import OwnWords, read_words
from onefunnel.yaml_text import LOADER, load_yaml

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


class OpeningHours(Strict):
    """Local opening and closing time of one weekday, written "09:00-18:00"."""

    opens: time
    closes: time

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, str):
            found = re.fullmatch(r"(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})", value.strip())
            if not found:
                raise ValueError('working hours are written "09:00-18:00"')
            return {"opens": found[1].zfill(5), "closes": found[2].zfill(5)}
        return value

    @model_validator(mode="after")
    def _in_order(self) -> OpeningHours:
        if self.closes <= self.opens:
            raise ValueError("a working day closes after it opens")
        return self


def _office_hours() -> dict[Weekday, OpeningHours]:
    return {day: OpeningHours(opens=time(9), closes=time(18)) for day in WEEKDAYS[:5]}


class Reporting(Strict):
    """How the reader counts: base currency, the zone in which days and months are cut, working hours, how old a rate may be."""

    base_currency: Currency = "EUR"
    time_zone: TimeZone = "UTC"
    working_hours: dict[Weekday, OpeningHours] = Field(default_factory=_office_hours)
    max_rate_age_days: int = Field(7, ge=0, le=3660)


class Quality(Strict):
    """Thresholds of the gates. Shares are in percent, ages in hours. history_from: BI may lose the days before."""

    max_quarantined_rows_pct: Percent = 5
    max_quarantined_money_pct: Percent = 10
    max_superseded_money_pct: Percent = 5
    max_left_out_money_pct: Percent = 10
    min_rows_vs_previous_pct: Percent = 20
    max_rows_vs_previous_pct: Percent = 1000
    max_age_hours: Annotated[float, Field(gt=0)] = 48
    history_from: date = date.min


class Alerts(Strict):
    """What is told beside trouble with data. business_signal: control charts that leave their limits to the bad side (mart_signal)."""

    business_signal: bool = False


class Recipient(Strict):
    """Who reads the morning message: the environment variable that holds the apprise URL, never the URL itself, and the language."""

    url_env: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    language: Literal["en", "ru"] = "en"


class Digest(Strict):
    """The morning message. at: local time until which it waits for the watchdog; link: where readers open the page; pdf: attach it."""

    to: tuple[Recipient, ...] = Field(min_length=1)
    at: time | None = None
    link: str = ""
    pdf: bool = True


class PipelineConfig(Strict):
    """The whole of sources.yml. `file` is where it was read from; relative paths in it start from its folder."""

    version: Literal[1]
    schedule: str = "0 4 * * *"
    reporting: Reporting = Field(default_factory=Reporting)
    lookback_days: int = Field(35, ge=0)
    quality: Quality = Field(default_factory=Quality)
    alerts: Alerts = Field(default_factory=Alerts)
    digest: Digest | None = None
    sources: tuple[Source, ...] = Field(min_length=1)
    words: Path | None = None

    _file: Path = PrivateAttr(default=Path("sources.yml"))
    _own_words: OwnWords = PrivateAttr(default_factory=dict)

    @property
    def file(self) -> Path:
        return self._file

    @property
    def folder(self) -> Path:
        return self._file.resolve().parent

    @property
    def own_words(self) -> OwnWords:
        """The lines of the folder `words` as they were when this file was read; empty without one."""
        return self._own_words

    @property
    def enabled_sources(self) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if source.enabled)

    @property
    def named(self) -> frozenset[tuple[str, str, str]]:
        """Source, system and entity of all that is to be read; what else was landed once is shown to nobody."""
        return frozenset((source.name, source.system, entity) for source in self.sources for entity in source.entities)

    def source(self, name: str) -> Source:
        """The source of that name. Raises ConfigError listing those there are."""
        for source in self.sources:
            if source.name == name:
                return source
        raise ConfigError(f"no source {name}", where=str(self.file), hint=f"one of: {', '.join(s.name for s in self.sources)}")

    @property
    def secret_variables(self) -> set[str]:
        """Names of the environment variables this file declares to be secret."""
        names: set[str] = {recipient.url_env for recipient in self.digest.to} if self.digest else set()
        for source in self.sources:
            if isinstance(source, DatabaseSource) and source.url_env:
                names.add(source.url_env)
            if isinstance(source, RestSource):
                names.update(source.header_env.values())
                names.update({source.token_env} if source.token_env else ())
            if isinstance(source, ApiSource | SingerSource):
                names.update(source.secrets.values())
        return names


def load_config(path: Path | str) -> PipelineConfig:
    """Read and check a sources.yml. Raises ConfigError with file, line and what to do."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
        root = yaml.compose(text, Loader=LOADER)
        content = load_yaml(text)
    except FileNotFoundError:
        raise ConfigError(
            "the list of sources is missing",
            where=str(path),
            hint="name it with --sources FILE or ONEFUNNEL_SOURCES; see examples/demo/sources.yml",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the list of sources cannot be read: {type(error).__name__}", where=str(path), hint="save it as UTF-8 text"
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ConfigError(
            f"not YAML: {getattr(error, 'problem', None) or error}",
            where=f"{path}, line {mark.line + 1}" if mark else str(path),
            hint="mind the indentation, and quote values that hold a colon",
        ) from None
    if not isinstance(content, dict):
        raise ConfigError("the list of sources is empty", where=str(path), hint="start from examples/demo/sources.yml")
    for key, line in _repeated_keys(root):
        raise ConfigError(f"{key} is given twice", where=f"{path}, line {line}", hint="keep one of them")
    try:
        config = PipelineConfig.model_validate(content)
    except ValidationError as error:
        raise _as_config_error(error, root, path) from None
    config._file = path
    _check_sources(config, root)
    if config.words:
        config._own_words = read_words(config.folder / config.words)
    return config


def expand_variables(text: str, where: str) -> str:
    """The path with each ${NAME} replaced from the environment. Raises ConfigError naming a variable that is not set."""

    def value(found: re.Match[str]) -> str:
        set_to = os.environ.get(found[1])
        if not set_to:
            raise ConfigError(
                f"the environment variable {found[1]} is not set", where=where, hint=f"set {found[1]} to the folder that holds the files"
            )
        return set_to

    return re.sub(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", value, text)


def _check_sources(config: PipelineConfig, root: yaml.Node | None) -> None:
    seen: set[str] = set()
    for index, source in enumerate(config.sources):
        where = f"{config.file}, line {_line(root, ('sources', index, 'name'))}"
        if source.name in seen:
            raise ConfigError(f"two sources are called {source.name}", where=where, hint="give each its own name: loads are kept under it")
        seen.add(source.name)
        for entity, options in source.entities.items():
            place = f"{config.file}, line {_line(root, ('sources', index, 'entities', entity))}"
            check_known(source.system, entity, place)
            known = overlaps_of(source.system, entity)
            if options.overlap and options.overlap not in known:
                raise ConfigError(
                    f"source {source.name}: `overlap: {options.overlap}` means nothing for {entity}",
                    where=place,
                    hint=f"one of: {', '.join(known)}",
                )
        if source.ids_of and source.ids_of not in {other.name for other in config.sources} - {source.name}:
            raise ConfigError(
                f"source {source.name}: ids_of names no other source: {source.ids_of}",
                where=where,
                hint="name the source whose lead and client ids this one carries, such as the CRM",
            )
        for entity in source.expect:
            if entity not in source.entities:
                raise ConfigError(
                    f"source {source.name} expects rows of {entity} but does not load it", where=where, hint="add it to entities"
                )


def _as_config_error(error: ValidationError, root: yaml.Node | None, path: Path) -> ConfigError:
    errors = error.errors()
    # A misspelt key is missing under its right name, too: the misspelling is the better news.
    first = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    location = tuple(first["loc"])
    if first["type"].startswith("union_tag"):
        location = (*location, "connector")
    name = ".".join(str(part) for part in _path_in_file(root, location)) or "the file"
    message = {"extra_forbidden": "unknown key", "missing": "missing"}.get(first["type"]) or first["msg"].removeprefix("Value error, ")
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    hint = "see docs/adding-a-source.md for every key"
    if first["type"] == "missing":
        hint = f"add {location[-1]}: …"
    elif first["type"].startswith("union_tag"):
        hint = "connector is one of: files, database, rest, api, singer"
    return ConfigError(f"{name}: {message}{more}", where=f"{path}, line {_line(root, location)}", hint=hint)


def _steps(root: yaml.Node | None, location: tuple[str | int, ...]) -> Iterator[tuple[str | int, int]]:
    """Follow a pydantic location through the YAML nodes; parts that are no keys (the tag of a union) are passed over."""
    node = root
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found:
                yield part, found[0].start_mark.line + 1
                node = found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            yield part, node.start_mark.line + 1


def _line(root: yaml.Node | None, location: tuple[str | int, ...]) -> int:
    return ([line for _, line in _steps(root, location)] or [root.start_mark.line + 1])[-1]


def _path_in_file(root: yaml.Node | None, location: tuple[str | int, ...]) -> list[str | int]:
    found = [part for part, _ in _steps(root, location)]
    return found if found and found[-1] == location[-1] else [*found, *location[-1:]]


def _repeated_keys(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from _repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _repeated_keys(value)

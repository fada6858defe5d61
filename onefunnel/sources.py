"""The sources that sources.yml names: one class for each connector, and what is said of an entity.

Unknown keys are errors. Secrets are named here by variable, never written.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from onefunnel.currencies import check_currency
from onefunnel.systems import description_of


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"no such time zone: {name!r} (write it as Europe/Berlin)") from None
    return name


def _date_format(text: str) -> str:
    unknown = set(re.findall(r"%(.)", text, re.DOTALL)) - set("YymdHIMSfpzbBaA-j%")
    if unknown or not re.search(r"%(-?d|j)", text) or not re.search(r"%[Yy]", text):
        raise ValueError(f"not a date format: {text!r} (write it as '%d|%m|%Y %H:%M'; it names at least the day and the year)")
    return text


# Day, month and year could each be another of the three, so it shows whether two forms read one text as different days.
_ANY_ORDER = datetime(2001, 2, 3, 4, 5, 6)
_NUMBERED = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4}|[0-9]{2})(?![0-9])")


def _read_as(text: str, form: str) -> date | None:
    """The day that a form reads in a text: a date format, or a date_order, which reads days that begin with one or two digits."""
    try:
        if form not in ("dmy", "mdy"):
            return datetime.strptime(text, form.replace("%-", "%")).date()
        if found := _NUMBERED.match(text):
            day, month = sorted((1, 2), reverse=form == "mdy")
            return date(int(found[3]) % 100 + 2000, int(found[month]), int(found[day]))
    except ValueError:
        pass
    return None


def _country(name: str) -> str:
    from onefunnel.extract.phones import check_country

    return check_country(name)


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(check_currency)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
DateFormat = Annotated[str, AfterValidator(_date_format)]
Country = Annotated[str, AfterValidator(_country)]
Percent = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expectation(Strict):
    """What one entity of a source must deliver."""

    min_rows: int = Field(1, ge=0)


class Overlapping(Strict):
    """overlap: what counts when rows overlap. replace: the newest row of a key; add: all of them; days: the later delivery of a day.

    Without it a later load replaces, and what one load says twice with other content holds the night back.
    """

    overlap: Literal["replace", "add", "days"] | None = None


class Deliverable(Overlapping):
    """ignore_columns: columns that nobody reads and that need not be read, though they say of money that it was not paid."""

    ignore_columns: tuple[str, ...] = ()


class FileEntity(Deliverable):
    """Files of one entity. delivery full: new bytes under an old name replace the old; delta: they add to it.

    header_row: line of the column names, from 1; skip_rows_matching: pattern of lines that are no rows; ragged pad: short rows are filled.
    """

    path: str = Field(min_length=1)
    format: Literal["csv", "tsv", "parquet", "jsonl", "json", "xlsx"] | None = None
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    header_row: int | None = Field(None, ge=1, le=1000)
    skip_rows_matching: str | None = Field(None, min_length=1)
    ragged: Literal["pad"] | None = None
    delivery: Literal["full", "delta"] = "full"

    @field_validator("skip_rows_matching")
    @classmethod
    def _is_pattern(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from None
        return value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                "".encode(value)
            except (LookupError, TypeError):
                raise ValueError(f"no such encoding: {value!r} (write it as utf-8, windows-1251, utf-16)") from None
        return value


class TableEntity(Deliverable):
    """A table, or the rows of a query. With a cursor only what is new is read, again from `lookback_days` before it; without one, all."""

    table: str | None = Field(None, pattern=r"^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?$")
    query: str | None = None
    cursor: str | None = None
    lookback_days: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _one_of(self) -> TableEntity:
        if (self.table is None) == (self.query is None):
            raise ValueError("name either a table or a query")
        if self.cursor and self.overlap == "add":
            raise ValueError("a cursor reads the last days again every night, so `overlap: add` would count them again: leave it out")
        return self


class Paging(Strict):
    """How a REST answer continues. next: dotted path to the next cursor or link; param: query parameter of cursor or page."""

    by: Literal["cursor", "page", "offset", "next_link"]
    next: str | None = None
    param: str | None = None
    start: int = 1
    size: int | None = Field(None, ge=1)
    size_param: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Paging:
        needs = {"cursor": ("next", "param"), "page": ("param",), "offset": ("param", "size"), "next_link": ("next",)}[self.by]
        missing = [name for name in needs if getattr(self, name) is None]
        if missing:
            raise ValueError(f"paging by {self.by} needs {' and '.join(missing)}")
        return self


class RestEntity(Deliverable):
    """One resource. records: dotted path to the list; total: to its length; {since} and {until} in params are the dates of the lookback."""

    path: str
    records: str = ""
    total: str | None = None
    key: str | None = None
    params: dict[str, str | int] = Field(default_factory=dict)
    paging: Paging | None = None
    delivery: Literal["full", "delta"] = "full"

    @model_validator(mode="after")
    def _window_adds(self) -> RestEntity:
        if self.delivery == "full" and any("{since}" in str(value) for value in self.params.values()):
            raise ValueError("params ask for the time since {since} only, so each answer adds to the last: declare `delivery: delta`")
        if self.overlap == "add" and any("{since}" in str(value) for value in self.params.values()):
            raise ValueError("{since} reads the last days again every night, so `overlap: add` would count them again: leave it out")
        return self


class BaseSource(Strict):
    name: Name
    system: Name
    enabled: bool = True
    owner: str = "data-team"
    time_zone: TimeZone = "UTC"
    date_order: Literal["ymd", "dmy", "mdy"] = "ymd"
    formats: tuple[DateFormat, ...] = ()
    decimal_separator: Literal[".", ","] = "."
    currency: Currency | None = None
    expected: Literal["normal_empty"] | None = None
    expect: dict[Name, Expectation] = Field(default_factory=dict)
    personal: tuple[str, ...] = ()
    phone_country: Country | None = None
    ids_of: Name | None = None
    match_by: tuple[Literal["email", "phone"], ...] = ()

    @field_validator("match_by")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError(f"{value[0]} is given twice")
        return value

    @model_validator(mode="after")
    def _one_day_of_a_text(self) -> Self:
        """Formats are tried first, then date_order: where two read a text as different days, one column would be read both ways."""
        forms = (*self.formats, *((self.date_order,) if self.date_order != "ymd" else ()))
        for form in self.formats:
            text = _ANY_ORDER.strftime(form)
            for other in forms:
                day = _read_as(text, other)
                if day and day != _ANY_ORDER.date():
                    what = f"`date_order: {other}`" if other == self.date_order else f"format {other!r}"
                    raise ValueError(f"{text} is {_ANY_ORDER:%d %B} by format {form!r} and {day:%d %B %Y} by {what}: leave one of them out")
        return self


class FilesSource(BaseSource):
    connector: Literal["files"]
    entities: dict[Name, FileEntity] = Field(min_length=1)


class DatabaseSource(BaseSource):
    connector: Literal["database"]
    url_env: Variable | None = None
    airflow_connection: str | None = Field(None, pattern=r"^[\w.-]+$")
    entities: dict[Name, TableEntity] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_of(self) -> DatabaseSource:
        if (self.url_env is None) == (self.airflow_connection is None):
            raise ValueError("name either url_env (an environment variable with the URL) or airflow_connection")
        return self


class RestSource(BaseSource):
    """Secrets: token_env is sent as a bearer token, header_env maps a header to the variable with its value."""

    connector: Literal["rest"]
    base_url: str = Field(pattern=r"^https?://[^\s@]+$")
    token_env: Variable | None = None
    header_env: dict[str, Variable] = Field(default_factory=dict)
    timeout_seconds: float = Field(30, gt=0)
    deadline_seconds: float = Field(900, gt=0)
    attempts: int = Field(6, ge=1, le=20)
    max_pages: int = Field(100_000, ge=1)
    entities: dict[Name, RestEntity] = Field(min_length=1)


class ApiEntity(Overlapping):
    """A resource of a system's description, read as it says there."""


class ApiSource(BaseSource):
    """A system whose API onefunnel describes (onefunnel/systems). Secrets: what the description asks for, each by its variable.

    settings: what it asks for that is no secret and may be left out; since: the first day to read; base_url: another address of the API.
    """

    connector: Literal["api"]
    account: str | None = Field(None, pattern=r"^[\w.-]+$")
    settings: dict[Name, Annotated[str, Field(pattern=r"^[\w.@-]+$")]] = Field(default_factory=dict)
    secrets: dict[Name, Variable] = Field(default_factory=dict)
    base_url: str | None = Field(None, pattern=r"^https?://[^\s@]+$")
    since: date = date(2000, 1, 1)
    timeout_seconds: float = Field(60, gt=0)
    deadline_seconds: float = Field(3600, gt=0)
    attempts: int = Field(6, ge=1, le=20)
    max_pages: int = Field(100_000, ge=1)
    entities: dict[Name, ApiEntity] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _all_resources(cls, value: Any) -> Any:
        if isinstance(value, dict) and "entities" not in value and isinstance(value.get("system"), str):
            return value | {"entities": {name: {} for name in description_of(value["system"]).resources}}
        return value

    @field_validator("entities")
    @classmethod
    def _windows_state_days(cls, entities: dict[str, ApiEntity], info: Any) -> dict[str, ApiEntity]:
        """What a window says of a day replaces the day: a campaign that was renamed does not count twice."""
        described = description_of(info.data["system"]).resources
        days = {name for name in entities if name in described and described[name].window_days}
        return {name: ApiEntity(overlap="days") if name in days else each for name, each in entities.items()}

    @model_validator(mode="after")
    def _as_described(self) -> ApiSource:
        described = description_of(self.system)
        if unknown := set(self.entities) - set(described.resources):
            raise ValueError(f"{self.system} has no resource {min(unknown)}; it has {', '.join(described.resources)}")
        for key, given, known in (("secrets", self.secrets, described.secrets), ("settings", self.settings, described.settings)):
            if unknown := set(given) - set(known):
                raise ValueError(f"{self.system} has no {key} {min(unknown)}; it has {', '.join(known) or 'none'}")
        if missing := [name for name in described.secrets if name not in self.secrets]:
            raise ValueError(
                f"{self.system} needs secrets {', '.join(described.secrets)}, each with the name of its variable; {missing[0]} is missing"
            )
        if described.account and not self.account:
            raise ValueError(f"{self.system} needs account: {described.account}")
        return self


class SingerEntity(Overlapping):
    """A stream of a tap (default: that of the entity's name). delivery delta: it goes on from its state; full: it is read whole each night.

    replication_key: by which field it goes on, where the tap leaves that to its user. fields: those to read beside what staging reads;
    without it, all.
    """

    stream: str | None = Field(None, min_length=1)
    delivery: Literal["full", "delta"] = "delta"
    replication_key: str | None = Field(None, min_length=1)
    fields: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _adds_once(self) -> SingerEntity:
        if self.overlap == "add" and self.delivery == "delta":
            raise ValueError("a tap repeats its last rows when it goes on, so `overlap: add` would count them again: leave it out")
        return self


class SingerSource(BaseSource):
    """A Singer tap that `onefunnel tap add` installed. config: its settings; secrets: those of them that are secret, each by its variable.

    secrets_by: file (private, removed after) or environment (TAP_X_TOKEN, where the tap reads it); selects_by: properties for old.
    """

    connector: Literal["singer"]
    tap: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    config: dict[str, Any] = Field(default_factory=dict)
    secrets: dict[str, Variable] = Field(default_factory=dict)
    secrets_by: Literal["file", "environment"] = "file"
    selects_by: Literal["catalog", "properties"] = "catalog"
    deadline_seconds: float = Field(3600, gt=0)
    entities: dict[Name, SingerEntity] = Field(min_length=1)

    @model_validator(mode="after")
    def _told_once(self) -> SingerSource:
        if twice := set(self.config) & set(self.secrets):
            raise ValueError(f"{min(twice)} is in config and in secrets: a secret is named by its variable only")
        return self


# Those whose tables have whatever columns somebody gave them.
TabularSource = FilesSource | DatabaseSource | RestSource
Source = Annotated[FilesSource | DatabaseSource | RestSource | ApiSource | SingerSource, Field(discriminator="connector")]

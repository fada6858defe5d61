"""The API connector: dlt's REST client reads what the description of a system says, in this process; landing, hashing and gates stay ours.

No pipeline, resource, destination or configuration of dlt runs: those ask Airflow and the environment for settings, redirect the output of
all threads, and phone home (docs/adr/0008).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from onefunnel.config import PipelineConfig
from onefunnel.errors import OnefunnelError
from onefunnel.extract.parts import PartWriter
from onefunnel.extract.records import picker, write_records
from onefunnel.extract.transport import LONGEST_WORDS, ApiSession, NotThere, origin
from onefunnel.extract.vanished import Landed, differing
from onefunnel.landing.loads import StagedLoad
from onefunnel.settings import redact, secret_value
from onefunnel.sources import ApiSource
from onefunnel.systems import Description, Resource, description_of, filled

if TYPE_CHECKING:
    from onefunnel.settings import Settings


# As many records may be gone in one night without a question: these, or that share of all.
FEW_GONE, MOST_GONE = 50, 0.1
# Sources are read side by side; dlt's modules need one another, and two threads that import them in another order get half of them.
IMPORTING = threading.Lock()


def stage_api(config: PipelineConfig, source: ApiSource, entity: str, staged: StagedLoad, settings: Settings) -> None:
    """Land one resource. Raises ConfigError (no secret), Refused, SourceDown, OnefunnelError (pages do not add up): nothing lands."""
    reader = ApiReader(source, entity, str(config.file), staged)
    resource = reader.resource
    personal = (*resource.personal, *source.personal)
    with PartWriter(staged, settings, resource.required, tuple(resource.columns), personal) as writer:
        written = write_records(reader.records(), resource.columns, staged.scratch / "records.parquet")
        written.check_required(resource.required, staged.where)
        staged.cursor = reader.cursor()
        writer.write(written.relation, file=entity, sha256=written.sha256, fingerprint=written.sha256)
        if source.currency is None and not reader.connection.description.names_currency:
            what = f"its money names no currency and counts as {config.reporting.base_currency}"
            staged.warnings.append(f"{what}; say of source {source.name} in which the account pays, such as `currency: RUB`")
        writer.finish()


class Connection:
    """The client of one source: its address, its credentials and the session that keeps them."""

    def __init__(self, source: ApiSource, file: str, where: str) -> None:
        with IMPORTING:
            from dlt.common.configuration.specs import RuntimeConfiguration
            from dlt.sources.helpers.rest_client import RESTClient
            from dlt.sources.rest_api.config_setup import create_paginator, get_auth_class

        self.description: Description = description_of(source.system)
        self.words, secrets = secret_words(source, file)
        client = filled(self.description.client, self.words)
        base = source.base_url or client["base_url"]
        hosts = (origin(base), *self.description.hosts)
        if source.base_url:
            client, hosts = _at_host(client, self.description.hosts, origin(base)), (origin(base),)
        self.base, self.where = base.rstrip("/"), where
        self.headers = {name: value for name, value in client.get("headers", {}).items() if value}
        self.session = ApiSession(source, self.description, hosts, secrets, where)
        auth = client.get("auth")
        if auth and auth["type"].startswith("oauth2"):
            self.session.token_url = auth["access_token_url"]
            auth = auth | {"session": self.session}
        self.auth = get_auth_class(auth["type"])(**{name: value for name, value in auth.items() if name != "type"}) if auth else None
        pages = create_paginator(client.get("paginator"))
        self.client = RESTClient(
            self.base, headers=self.headers, auth=self.auth, paginator=pages, session=self.session, config=RuntimeConfiguration()
        )

    def ask(self, endpoint: dict[str, Any]) -> Any:
        """The answer to a single request. Raises what the session raises."""
        self.session.begin(None)
        url = f"{self.base}/{endpoint['path']}"
        asked: dict[str, Any] = {name: endpoint.get(name) for name in ("params", "json")}
        return self.session.request(endpoint.get("method", "GET"), url, headers=self.headers, auth=self.auth, **asked).json()

    def records(self, endpoint: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The records of one endpoint, read by dlt through the session. Raises what the session raises; of dlt's own errors no secret."""
        from dlt.common.exceptions import DltException
        from dlt.common.jsonpath import compile_path
        from dlt.sources.rest_api.config_setup import create_paginator

        self.session.begin(endpoint["data_selector"])
        asked: dict[str, Any] = {name: endpoint.get(name) for name in ("params", "json")}
        asked["data_selector"] = compile_path(endpoint["data_selector"])  # else it is parsed anew for every page
        pages = create_paginator(endpoint.get("paginator"))
        try:
            for page in self.client.paginate(endpoint["path"], method=endpoint.get("method", "GET"), paginator=pages, **asked):
                yield from page
        except (DltException, ValueError, TypeError, AttributeError) as error:
            told = redact((str(error).strip().splitlines() or [""])[-1], self.session.secrets)[:LONGEST_WORDS]
            raise OnefunnelError(f"the answer cannot be read: {told}", where=self.where, hint="the API may have changed") from None


class ApiReader:
    """Reads one resource of one source: whole, a window of days, or what changed since the last load."""

    def __init__(self, source: ApiSource, entity: str, file: str, staged: StagedLoad) -> None:
        self.connection = Connection(source, file, staged.where)
        self.resource: Resource = self.connection.description.resources[entity]
        self.source, self.staged, self.now = source, staged, datetime.now(UTC)
        self._key = [picker(path) for path in self.resource.key]
        self._moment = picker(self.resource.changes.cursor) if self.resource.changes else None
        self._absorbed = picker(self.resource.merged) if self.resource.merged else None
        self._read: set[tuple[str, ...]] = set()
        self._merged: dict[str, dict[str, Any]] = {}
        self._last: tuple[datetime, str] | None = None

    def records(self) -> Iterator[dict[str, Any]]:
        """Every record, once. Raises OnefunnelError for a key that comes again inside one pass: the list shifted while it was read."""
        since, is_going_on = self._since()
        passes = self.resource.passes
        if self.resource.changes and is_going_on:
            yield from self._changed(since)
            passes = passes[1:]
        for parameters in passes:
            yield from self._pass(parameters, since)
        if self.resource.counts and is_going_on:
            yield from self._differing(self.resource.counts)
        for merged, record in self._merged.items():
            if (merged,) not in self._read:
                yield {**record, self.resource.key[0]: merged, "merged_into": self._key[0](record)}

    def cursor(self) -> dict[str, str] | None:
        """Where the next load goes on from; nothing new: where this one did."""
        if self.resource.changes is None:
            return None
        if self._last is None:
            return next((load.cursor for load in reversed(self.staged.earlier) if load.cursor), None)
        return {"column": self.resource.changes.cursor, "type": "str", "value": self._last[1]}

    def _pass(self, parameters: dict[str, str], since: datetime) -> Iterator[dict[str, Any]]:
        endpoint = self.resource.endpoint | {"params": self.resource.endpoint.get("params", {}) | parameters}
        seen: set[tuple[str, ...]] = set()
        for first, last in self._spans(since):
            for record in self._listed(endpoint, self.resource.limit, first, last):
                key = self._key_of(record)
                if key in seen:
                    what = "a record of one page comes again on a later one: the list shifted while it was read"
                    raise OnefunnelError(what, where=self.staged.where, hint="nothing is landed; the next attempt reads it anew")
                seen.add(key)
                if key not in self._read:
                    yield self._noted(record, key)

    def _changed(self, since: datetime) -> Iterator[dict[str, Any]]:
        """What a search says has changed. A record that changes meanwhile may be listed twice: it is read once."""
        changes = self.resource.changes
        assert changes is not None
        for found in list(self._listed(changes.find, changes.limit, since, self.staged.interval.as_of)):
            key = self._key_of(found)
            if key not in self._read and (record := self._whole(key[0]) if changes.read else found) is not None:
                yield self._noted(record, key)

    def _whole(self, record_id: str) -> dict[str, Any] | None:
        """The whole record; None where it was deleted or merged away since it was found."""
        assert self.resource.changes is not None
        try:
            record = self.connection.ask(filled(self.resource.changes.read, self.connection.words | {"id": record_id}))
        except NotThere:
            return None
        return record if str(self._key[0](record)) == record_id else None

    def _differing(self, endpoint: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """What is listed no more, as its last row; and what came back with another id than all that are known.

        Raises OnefunnelError where so much is gone at once that the rights of the secret are the likelier cause.
        """
        landed = Landed(self.staged, self.resource.key[0], self.resource.columns)
        read = {int(each) for (each,) in self._read}
        known = landed.ids() | read

        def count(after: int, last: int) -> tuple[int, list[int]]:
            answer = self.connection.ask(filled(endpoint, self.connection.words | {"after": str(after), "last": str(last)}))
            return int(answer["total"]), [int(self._key_of(record)[0]) for record in answer[endpoint["data_selector"]]]

        gone, back = differing(sorted(known), count)
        if len(gone) > max(FEW_GONE, len(known) * MOST_GONE) and self.source.settings.get("mass_deletion") != "yes":
            what = f"{len(gone):,} of {len(known):,} records are listed no more"
            hint = 'does the secret still see all of them? If they were deleted on purpose: settings: {mass_deletion: "yes"} for one night'
            raise OnefunnelError(what, where=self.staged.where, hint=hint)
        yield from landed.tombstones(gone - read)
        words = self.connection.words | time_words(self.now, self.staged.interval.as_of, self.now)
        for each in sorted(back):
            record = next(self.connection.records(filled(self.resource.endpoint, words | {"after": str(each - 1)})), None)
            if record is not None and self._key_of(record) == (str(each),):
                yield self._noted(record, (str(each),))

    def _listed(self, endpoint: dict[str, Any], limit: int | None, first: datetime, last: date) -> Iterator[dict[str, Any]]:
        """Every record of an endpoint; one that lists no more than `limit` is asked again for what follows the last key."""
        words = self.connection.words | time_words(first, last, self.now)
        after, count = "0", limit
        while count == limit:
            count = 0
            for record in self.connection.records(filled(endpoint, words | {"after": after})):
                count += 1
                following = self._key_of(record)[0]
                yield record
                if count == limit:
                    break
            if count == limit and after == following:
                raise OnefunnelError("the source repeats a page", where=self.staged.where, hint="nothing is landed")
            after = following if count else after
            if limit is None:
                return

    def _since(self) -> tuple[datetime, bool]:
        """(from when on, whether an earlier load is gone on from)."""
        earliest = _midnight(self.source.since)
        changes, window, as_of = self.resource.changes, self.resource.window_days, self.staged.interval.as_of
        if self.resource.history_days:
            earliest = max(earliest, _midnight(as_of - timedelta(days=self.resource.history_days)))
        if window and self.staged.earlier:
            return max(earliest, _midnight(self.staged.goes_on_from - timedelta(days=window))), True
        for load in reversed(self.staged.earlier):
            if changes and load.cursor and load.cursor["column"] == changes.cursor:
                # a record that changed while that load was read may be older than the newest it saw
                overlap = timedelta(seconds=max(changes.overlap_minutes * 60, self.source.deadline_seconds))
                return parsed_moment(load.cursor["value"]) - overlap, True
        return earliest, False

    def _spans(self, since: datetime) -> Iterator[tuple[datetime, date]]:
        """The days to read, in as many pieces as the API wants."""
        until = self.staged.interval.as_of
        if self.resource.slice_days is None:
            yield since, until
            return
        first = since.date()
        while first <= until:
            last = min(first + timedelta(days=self.resource.slice_days - 1), until)
            yield _midnight(first), last
            first = last + timedelta(days=1)

    def _key_of(self, record: dict[str, Any]) -> tuple[str, ...]:
        key = tuple(pick(record) for pick in self._key)
        if None in key:
            what = f"a record has no {self.resource.key[key.index(None)]}, by which records are told apart"
            raise OnefunnelError(what, where=self.staged.where, hint="nothing is landed; the API may have changed")
        return tuple(map(str, key))

    def _noted(self, record: dict[str, Any], key: tuple[str, ...]) -> dict[str, Any]:
        self._read.add(key)
        if self._moment and (told := self._moment(record)) is not None:
            moment = parsed_moment(told)
            if self._last is None or moment > self._last[0]:
                self._last = moment, str(told)
        if self._absorbed and (absorbed := self._absorbed(record)):
            self._merged |= {each.strip(): record for each in str(absorbed).split(";") if each.strip()}
        return record


def secret_words(source: ApiSource, where: str) -> tuple[dict[str, str], list[str]]:
    """The words that a description may use, and the secrets among them. Raises ConfigError naming a variable that is not set."""
    described = description_of(source.system)
    words = {name: "" for name in described.settings} | source.settings | {"account": source.account or ""}
    secrets = []
    for name, variable in source.secrets.items():
        hint = f"set it to the {name} of {described.title}: {described.secrets[name]}"
        words[name] = secret_value(variable, f"{where}: source {source.name}", hint)
        secrets.append(words[name])
    return words, secrets


def time_words(since: datetime, until: date, now: datetime) -> dict[str, str]:
    """A moment in the forms that APIs ask for, the last day to read, and the moment of reading."""
    return {
        "since": since.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "since_ms": str(int(since.timestamp() * 1000)),
        "since_unix": str(int(since.timestamp())),
        "since_date": since.date().isoformat(),
        "until_date": until.isoformat(),
        "now_unix": str(int(now.timestamp())),
    }


def parsed_moment(told: Any) -> datetime:
    """A cursor of an API as a moment: ISO, or Unix seconds or milliseconds."""
    text = str(told)
    if text.isdigit():
        return datetime.fromtimestamp(int(text) / (1000 if len(text) > 11 else 1), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _at_host(value: Any, hosts: tuple[str, ...], base: str) -> Any:
    """Addresses at other hosts of the vendor, moved to the one that sources.yml names instead."""
    if isinstance(value, dict):
        return {name: _at_host(each, hosts, base) for name, each in value.items()}
    if isinstance(value, str):
        for host in hosts:
            value = value.replace(host, base)
    return value

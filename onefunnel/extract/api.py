"""The API connector: dlt's REST client reads what the description of a system says, in this process; landing, hashing and gates stay ours.

No pipeline, resource, destination or configuration of dlt runs: those ask Airflow and the environment for settings, redirect the output of
all threads, and phone home (docs/adr/0008).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from onefunnel.config import PipelineConfig
from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract.parts import PartWriter
from onefunnel.extract.records import picker, write_records
from onefunnel.extract.transport import ApiSession
from onefunnel.landing.loads import StagedLoad
from onefunnel.settings import redact
from onefunnel.sources import ApiSource
from onefunnel.systems import Description, Resource, description_of, filled

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client import RESTClient

    from onefunnel.settings import Settings


def stage_api(config: PipelineConfig, source: ApiSource, entity: str, staged: StagedLoad, settings: Settings) -> None:
    """Land one resource. Raises ConfigError (no secret, refused), SourceDown, OnefunnelError (pages do not add up): then nothing lands."""
    reader = ApiReader(source, entity, str(config.file), staged)
    resource = reader.resource
    personal = (*resource.personal, *source.personal)
    with PartWriter(staged, settings, resource.required, tuple(resource.columns), personal) as writer:
        relation, sha256, rows = write_records(reader.records(), resource.columns, staged.scratch / "records.parquet")
        staged.cursor = reader.cursor()
        if rows == 0:
            writer.required = ()  # an empty answer is an empty load, which the gate judges
        writer.write(relation, file=entity, sha256=sha256, fingerprint=sha256)
        writer.finish()


class ApiReader:
    """Reads one resource of one source: whole, a window of days, or what changed since the last load."""

    def __init__(self, source: ApiSource, entity: str, where: str, staged: StagedLoad) -> None:
        self.description: Description = description_of(source.system)
        self.resource: Resource = self.description.resources[entity]
        self.source, self.entity, self.staged = source, entity, staged
        self.words, self.secrets = secret_words(source, where)
        base = source.base_url or filled(self.description.client["base_url"], self.words)
        client = {**filled(self.description.client, self.words), "base_url": base}
        place = urlsplit(base)
        hosts = [f"{place.scheme}://{place.netloc}", *(self.description.hosts if source.base_url is None else ())]
        self.session = ApiSession(source, hosts, self.secrets, staged.where)
        if source.base_url is not None:
            client = _with_hosts(client, self.description.hosts, f"{place.scheme}://{place.netloc}")
        self.client = rest_client(client, self.session)
        self.seen: set[int] = set()
        self.last: str | None = None

    def records(self) -> Iterator[dict[str, Any]]:
        """Every record, once. Raises OnefunnelError for a key that comes again inside one reading: the list shifted while it was read."""
        since, is_going_on = self._since()
        changes = self.resource.changes
        if changes and is_going_on:
            yield from self._changed(since)
            passes = [each for each in self.resource.passes if each]
        else:
            passes = list(self.resource.passes)
        for parameters in passes:
            self.session.forget_pages()
            self.seen.clear()
            endpoint = self._endpoint(self.resource.endpoint, since)
            for record in self._iterate(endpoint | {"params": endpoint.get("params", {}) | parameters}):
                if not self._is_new(record):
                    what = "a record of one page comes again on a later one: the list shifted while it was read"
                    raise OnefunnelError(what, where=self.staged.where, hint="nothing is landed; the next attempt reads it anew")
                yield from self._told(record)

    def cursor(self) -> dict[str, str] | None:
        """Where the next load goes on from; nothing new: where this one did."""
        if self.resource.changes is None:
            return None
        if self.last is None:
            return next((load.cursor for load in reversed(self.staged.earlier) if load.cursor), None)
        return {"column": self.resource.changes.cursor, "type": "str", "value": self.last}

    def _changed(self, since: datetime) -> Iterator[dict[str, Any]]:
        """What a search says has changed, read anew from the last cursor where the search lists no more."""
        changes = self.resource.changes
        moment = picker(changes.cursor)
        while True:
            self.session.forget_pages()
            listed, last = 0, since
            for found in self._iterate(self._endpoint(changes.find, since)):
                listed += 1
                last = max(last, parsed_moment(moment(found)))
                if self._is_new(found):
                    yield from self._told(self._whole(found) if changes.read else found)
                if changes.limit and listed >= changes.limit:
                    break
            if not changes.limit or listed < changes.limit:
                return
            if last <= since:
                what = f"more than {changes.limit} records changed in one moment"
                raise OnefunnelError(what, where=self.staged.where, hint="read the source whole: take its loads out of landing")
            since = last

    def _whole(self, found: dict[str, Any]) -> dict[str, Any]:
        words = {"id": str(picker(self.resource.key[0])(found))}
        endpoint = self._endpoint(self.resource.changes.read or {}, None, words)
        record = next(iter(self._iterate(endpoint)), None)
        if record is None:
            what = f"the changed record {words['id']} is not there"
            raise OnefunnelError(what, where=self.staged.where, hint="nothing is landed; the next run reads it anew")
        return record

    def _iterate(self, endpoint: dict[str, Any]) -> Iterator[dict[str, Any]]:
        return iterate(self.client, endpoint, self.secrets, self.staged.where)

    def _endpoint(self, endpoint: dict[str, Any], since: datetime | None, words: dict[str, str] | None = None) -> dict[str, Any]:
        times = time_words(since, self.staged.interval.as_of) if since else {}
        return filled(endpoint, self.words | times | (words or {}))

    def _since(self) -> tuple[datetime, bool]:
        """(from when on, whether an earlier load is gone on from)."""
        earliest = datetime.fromisoformat(self.source.since).replace(tzinfo=UTC)
        if self.resource.window_days and self.staged.earlier:
            day = self.staged.interval.as_of - timedelta(days=self.resource.window_days)
            return max(earliest, datetime(day.year, day.month, day.day, tzinfo=UTC)), True
        changes = self.resource.changes
        for load in reversed(self.staged.earlier):
            if changes and load.cursor and load.cursor["column"] == changes.cursor:
                return parsed_moment(load.cursor["value"]) - timedelta(minutes=changes.overlap_minutes), True
        return earliest, False

    def _is_new(self, record: dict[str, Any]) -> bool:
        key = hash(tuple(str(picker(path)(record)) for path in self.resource.key))
        if key in self.seen:
            return False
        self.seen.add(key)
        return True

    def _told(self, record: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The record, and one for each that was merged into it: the API no longer lists those."""
        yield self._noted(record)
        if self.resource.merged:
            absorbed = str(picker(self.resource.merged)(record) or "")
            # its own history and contacts are not told any more: those of who is left are not its own
            place = self.resource.merged.split(".")[0]
            known = {name: value for name, value in record.items() if name == place or not isinstance(value, (dict, list))}
            for merged in filter(None, (each.strip() for each in absorbed.split(";"))):
                yield {**known, "id": merged, "merged_into": record["id"]}

    def _noted(self, record: dict[str, Any]) -> dict[str, Any]:
        if self.resource.changes and (moment := picker(self.resource.changes.cursor)(record)) is not None:
            self.last = max(
                self.last or "", str(moment), key=lambda text: parsed_moment(text) if text else datetime.min.replace(tzinfo=UTC)
            )
        return record


def rest_client(client: dict[str, Any], session: ApiSession) -> RESTClient:
    """dlt's REST client of a description's `client`, speaking through this session."""
    from dlt.sources.helpers.rest_client import RESTClient
    from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
    from dlt.sources.rest_api.config_setup import create_paginator, get_auth_class

    said = dict(client["auth"])
    auth_class = get_auth_class(said.pop("type"))
    if issubclass(auth_class, OAuth2ClientCredentials):
        said["session"] = session
    return RESTClient(
        client["base_url"],
        headers=client.get("headers"),
        auth=auth_class(**said),
        paginator=create_paginator(client.get("paginator")),
        session=session,
    )


def iterate(client: RESTClient, endpoint: dict[str, Any], secrets: list[str], where: str) -> Iterator[dict[str, Any]]:
    """The records of one endpoint in the words of dlt's rest_api. Raises what the session raises; of dlt's own errors no secret."""
    from dlt.common.exceptions import DltException
    from dlt.sources.rest_api.config_setup import create_paginator

    try:
        for page in client.paginate(
            endpoint["path"],
            method=endpoint.get("method", "GET"),
            params=endpoint.get("params"),
            json=endpoint.get("json"),
            paginator=create_paginator(endpoint.get("paginator")),
            data_selector=endpoint.get("data_selector", "$"),
        ):
            yield from page
    except (DltException, ValueError, TypeError, AttributeError) as error:
        what = f"the answer cannot be read: {redact(f'{type(error).__name__}: {error}'.splitlines()[0][:200], secrets)}"
        raise OnefunnelError(what, where=where, hint="the API may have changed") from None


def secret_words(source: ApiSource, where: str) -> tuple[dict[str, str], list[str]]:
    """The words that a description may use, and the secrets among them. Raises ConfigError naming a variable that is not set."""
    words, secrets = {"account": source.account or ""}, []
    for name, variable in source.secrets.items():
        value = os.environ.get(variable)
        if not value:
            raise ConfigError(
                f"the environment variable {variable} is not set",
                where=f"{where}: source {source.name}",
                hint=f"set it to the {name} of {source.system}: {description_of(source.system).secrets.get(name, name)}",
            )
        words[name] = value
        secrets.append(value)
    return words, secrets


def time_words(since: datetime, until: Any) -> dict[str, str]:
    """A moment in the forms that APIs ask for, and the last day of the run."""
    return {
        "since": since.isoformat().replace("+00:00", "Z"),
        "since_ms": str(int(since.timestamp() * 1000)),
        "since_unix": str(int(since.timestamp())),
        "since_date": since.date().isoformat(),
        "until_date": until.isoformat(),
    }


def parsed_moment(text: str) -> datetime:
    """A cursor of an API as a moment: ISO, or Unix seconds or milliseconds."""
    text = str(text)
    if text.isdigit():
        return datetime.fromtimestamp(int(text) / (1000 if len(text) > 11 else 1), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _with_hosts(value: Any, hosts: tuple[str, ...], base: str) -> Any:
    """Addresses at other hosts of the vendor, moved to the one that sources.yml names instead."""
    if isinstance(value, dict):
        return {name: _with_hosts(each, hosts, base) for name, each in value.items()}
    if isinstance(value, str):
        for host in hosts:
            value = value.replace(host, base)
    return value

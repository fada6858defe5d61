"""The Singer connector: a tap is started as a process, told which stream to read, and its records land like any other load.

Nothing lands of a tap that ends badly, runs out of time, is cut off, or is silent on the stream that it was asked for.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from onefunnel.config import PipelineConfig
from onefunnel.entities import entity_of
from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract.documents import JsonNumber
from onefunnel.extract.parts import PartWriter, unique_names
from onefunnel.extract.records import write_records
from onefunnel.extract.transport import shown_forms
from onefunnel.landing.loads import StagedLoad
from onefunnel.settings import redact, secret_value
from onefunnel.sources import SingerSource
from onefunnel.taps import child_environment, find_tap

if TYPE_CHECKING:
    from onefunnel.settings import Settings

STATE, CATALOG = "singer_state", "singer_catalog"
NAME = re.compile(r"[A-Za-z_]\w*")
LAST_LINES = 5
LONGEST_LINE = 64_000_000  # bytes of one message
ROTATION = "switch the rotation of refresh tokens off at the vendor, else the next night may be refused"


class TapFailed(OnefunnelError):
    """The tap could not be read: the source stands on its last good load."""


def stage_singer(config: PipelineConfig, source: SingerSource, entity: str, staged: StagedLoad, settings: Settings) -> None:
    """Land one stream. Raises ConfigError (tap, secret or stream is missing) or TapFailed: then nothing lands."""
    run = TapRun(config, source, entity, staged, settings)
    known = entity_of(source.system, entity)
    required, columns, personal, picked = (known.required, known.columns, known.personal, known.picked) if known else ((), (), (), {})
    with PartWriter(staged, settings, required, columns, (*personal, *source.personal)) as writer:
        try:
            schema = run.select(run.discover(), columns, NAME.findall(" ".join(picked.values())))
            told = [name for name in schema if name.lower() not in {column.lower() for column in picked}]
            names = unique_names(told, entity)
            paths = {name: key if key.isidentifier() else json.dumps(key) for name, key in zip(names, told, strict=True)} | picked
            written = write_records(run.records(), paths, staged.scratch / "records.parquet")
        finally:
            run.clean()
        staged.cursor = run.cursor()
        writer.write(written.relation, file=entity, sha256=written.sha256, fingerprint=written.sha256)
        writer.finish()
    if run.has_new_secret:
        staged.warnings.append(f"{source.tap} was given another secret in place of its own, and it is not kept: {ROTATION}")


class TapRun:
    """One reading of one stream: discovery, then the records, inside one deadline. Its files are private and gone by the end."""

    def __init__(self, config: PipelineConfig, source: SingerSource, entity: str, staged: StagedLoad, settings: Settings) -> None:
        self.source, self.entity, self.staged, self.where = source, source.entities[entity], staged, staged.where
        self.stream = self.entity.stream or entity
        where = f"{config.file}: source {source.name}"
        self.program = find_tap(settings, source.tap, where).executable(settings)
        secrets = {key: secret_value(variable, where, "set it to the secret of the tap") for key, variable in source.secrets.items()}
        self.secrets = [form for value in secrets.values() for form in shown_forms(value)]
        self.folder = staged.scratch / "tap"
        self.folder.mkdir(mode=0o700)
        self.until = time.monotonic() + source.deadline_seconds
        self.environment = child_environment(config.secret_variables)
        told = dict(source.config)
        if source.secrets_by == "environment":
            prefix = source.tap.upper().replace("-", "_")
            self.environment |= {f"{prefix}_{key.upper()}": value for key, value in secrets.items()}
        else:
            told |= secrets
        self.arguments = ["--config", str(self._file("config.json", told))]
        self.arguments += ["--config", "ENV"] if source.secrets_by == "environment" else []
        self.schema: dict[str, Any] = {}
        self.state: Any = None
        self.told, self.has_new_secret = told, False

    def discover(self) -> dict[str, Any]:
        """The catalog of the tap, asked for once for all entities: some ask the vendor about every object. Raises TapFailed."""
        if CATALOG not in self.staged.shared:
            self.staged.shared[CATALOG] = "\n".join(self._lines("--discover"))
        try:
            catalog = json.loads(self.staged.shared[CATALOG])
            return catalog if isinstance(catalog["streams"], list) else catalog["streams"]
        except (ValueError, KeyError, TypeError):
            raise TapFailed("its catalog is no catalog", where=self.where, hint="does the tap know --discover?") from None

    def select(self, catalog: dict[str, Any], columns: tuple[str, ...] = (), nested: Iterable[str] = ()) -> list[str]:
        """Choose the stream in the catalog, in the words of new and old taps; returns the fields to land. ConfigError lists the streams.

        columns: those that staging reads; nested: fields that they are picked from.
        """
        names = [_name(stream) for stream in catalog["streams"]]
        if self.stream not in names:
            hint = f"name one with `stream`: {', '.join(names[:40])}"
            raise ConfigError(f"the tap {self.source.tap} has no stream {self.stream}", where=self.where, hint=hint)
        chosen = catalog["streams"][names.index(self.stream)]
        fields = list(chosen.get("schema", {}).get("properties", {}))
        if self.entity.fields is not None:
            wanted = {name.lower() for name in (*columns, *self.entity.fields, self.entity.replication_key or "")}
            fields = [name for name in fields if name.lower() in wanted]
        for stream in catalog["streams"]:
            if stream is chosen:
                _mark(stream, {*fields, *nested}, self.entity.replication_key)
            else:
                _mark(stream, None)
        self.arguments += [f"--{self.source.selects_by}", str(self._file("catalog.json", catalog))]
        if self.entity.delivery == "delta" and (state := self._earlier_state()) is not None:
            self.arguments += ["--state", str(self._file("state.json", state))]
        return fields

    def records(self) -> Iterator[dict[str, Any]]:
        """The records of the stream. Raises TapFailed where they are not whole."""
        for line in self._lines():
            try:
                message = json.loads(line, parse_int=JsonNumber, parse_float=JsonNumber)
                kind = message["type"]
            except (ValueError, KeyError, TypeError):
                raise TapFailed("it wrote a line that is no message", where=self.where, hint="it may have been cut off") from None
            if kind == "STATE":
                self.state = json.loads(line).get("value")
            elif kind == "BATCH":
                raise TapFailed("it writes batch files", where=self.where, hint="leave batch_config out of `config`")
            elif message.get("stream") == self.stream and kind == "SCHEMA":
                self.schema = message.get("schema", {})
            elif message.get("stream") == self.stream and kind == "RECORD":
                if not self.schema:
                    raise TapFailed("a record came before its schema", where=self.where, hint="the tap breaks the protocol")
                yield message["record"]
        if not self.schema:
            other = "properties" if self.source.selects_by == "catalog" else "catalog"
            raise TapFailed(
                f"it ended well and told nothing of the stream {self.stream}, not even its schema",
                where=self.where,
                hint=f"it may not have understood that the stream is selected: try `selects_by: {other}`",
            )

    def cursor(self) -> dict[str, str] | None:
        """Where the next load goes on from: the last state that the tap told, else that of the load before."""
        if self.entity.delivery == "full":
            return None
        state = self.state if self.state is not None else self._earlier_state()
        return None if state is None else {"column": STATE, "type": "json", "value": json.dumps(state)}

    def clean(self) -> None:
        """Remove the files that hold secrets; a tap that was given new ones has written them into its own."""
        with suppress(OSError, ValueError):
            self.has_new_secret = json.loads((self.folder / "config.json").read_text(encoding="utf-8")) != self.told
        shutil.rmtree(self.folder, ignore_errors=True)

    def _earlier_state(self) -> Any:
        cursors = [load.cursor for load in self.staged.earlier if load.cursor and load.cursor["column"] == STATE]
        return json.loads(cursors[-1]["value"]) if cursors else None

    def _file(self, name: str, content: Any) -> Path:
        path = self.folder / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(content, file)
        return path

    def _lines(self, *more: str) -> Iterator[str]:
        """What the tap writes, line by line. Raises TapFailed when it ends badly or late; whatever happens, it and its children go."""
        process = subprocess.Popen(
            [str(self.program), *self.arguments, *more],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        said: deque[bytes] = deque(maxlen=LAST_LINES)
        listener = threading.Thread(target=said.extend, args=(iter(process.stderr.readline, b""),), daemon=True)
        watch = threading.Timer(max(self.until - time.monotonic(), 0.1), _kill, (process,))
        listener.start()
        watch.start()
        try:
            yield from self._decoded(process.stdout)
            process.wait()
            listener.join(5)
            self._check_end(process.returncode, said)
        finally:
            watch.cancel()
            _kill(process)
            process.wait()
            process.stdout.close()

    def _decoded(self, output: IO[bytes]) -> Iterator[str]:
        while line := output.readline(LONGEST_LINE):
            if not line.endswith(b"\n") and len(line) == LONGEST_LINE:
                raise TapFailed(f"a message is longer than {LONGEST_LINE:,} bytes", where=self.where, hint="leave that field out")
            if line.strip():
                yield line.decode("utf-8", "replace")

    def _check_end(self, code: int, said: deque[bytes]) -> None:
        if time.monotonic() >= self.until:
            what = f"it did not end within {self.source.deadline_seconds:.0f} seconds"
            raise TapFailed(what, where=self.where, hint="raise deadline_seconds of the source; nothing is landed")
        if code:
            words = b" / ".join(line.strip() for line in said).decode("utf-8", "replace")
            told = redact(words, self.secrets)[-600:] or "it said nothing"
            raise TapFailed(f"it ended with code {code}: {told}", where=self.where, hint="nothing is landed; the last good load stays")


def _name(stream: dict[str, Any]) -> str:
    return str(stream.get("tap_stream_id") or stream.get("stream"))


def _mark(stream: dict[str, Any], fields: set[str] | None, replication_key: str | None = None) -> None:
    """Select a stream with these fields, or leave it out (None): by metadata, and by the flags in the schema that older taps look at."""
    is_chosen = fields is not None
    stream["selected"] = is_chosen
    stream.setdefault("schema", {})["selected"] = is_chosen
    entries = stream.setdefault("metadata", [])
    if not any(not entry.get("breadcrumb") for entry in entries):
        entries.append({"breadcrumb": [], "metadata": {}})
    for entry in entries:
        place, metadata = entry.get("breadcrumb"), entry.setdefault("metadata", {})
        # what lies inside a field goes with it
        is_read = fields is not None and (not place or place[1] in fields)
        metadata["selected"] = is_read and metadata.get("inclusion") != "unsupported"
        if not place and replication_key:
            metadata |= {"replication-method": "INCREMENTAL", "replication-key": replication_key}
    if replication_key:
        stream |= {"replication_method": "INCREMENTAL", "replication_key": replication_key}


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a tap and whatever it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)

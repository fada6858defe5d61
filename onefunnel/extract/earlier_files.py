"""Files that landed before and are delivered no more, or not as they were: which still count, and who must be told."""

from __future__ import annotations

import shutil
from dataclasses import replace

from onefunnel.errors import ConfigError
from onefunnel.extract.normalise import literal, quoted, rows_of
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import REJECTED, LandedFile, LoadManifest, StagedLoad, current_files
from onefunnel.sources import FileEntity

SHOWN = 5


class Delivered:
    """What landed before of an entity's files, beside what they say now: which of them are to be landed.

    current: what counts so far; what an earlier extraction of the interval landed does as far as this one does not read its files anew.
    now: fingerprints of the files that were asked for, by path ("": it says nothing).
    """

    def __init__(self, staged: StagedLoad, there: set[str], options: FileEntity) -> None:
        everything = current_files([*staged.others, *([staged.own] if staged.own else [])])
        self.current = [(load, item) for load, item in everything if load is not staged.own or item.path not in there]
        self.now: dict[str, str] = {}
        self._staged, self._adds = staged, options.overlap == "add"
        self._landed = {item.fingerprint: item.path for _, item in self.current}
        self._said = {item.path: item.fingerprint for _, item in everything}
        self._replaced = {item.fingerprint for load in staged.others for item in load.files} - set(self._landed)
        self._first_with: dict[str, str] = {}
        self._asked: set[str] = set()

    def is_new(self, name: str, fingerprint: str, *, says_nothing: bool) -> bool | None:
        """Whether a file is to be landed; None: to be asked again after the others. Warns where bytes of a file are those of another."""
        is_full, warnings = self._staged.delivery == "full", self._staged.warnings
        self.now[name] = "" if says_nothing else fingerprint
        twin, before = self._first_with.get(fingerprint), self._landed.get(fingerprint, name)
        if before != name and name not in self._asked:
            # whether those bytes still count is known when the file under their old name was read: it may hold others by now
            self._asked.add(name)
            return None
        # bytes of another name are not landed again, unless that name, or this one, says something else by now
        if is_full and {self.now.get(before, fingerprint), self._said.get(name, fingerprint)} != {fingerprint}:
            self._landed.pop(fingerprint, None)
        is_twin = twin is not None and not self._adds
        if is_twin:
            hint = f"if both count, say `overlap: add` for {self._staged.entity} of source {self._staged.source}"
            warnings.append(f"{name}: the same bytes as {twin}, landed once; {hint}")
            if is_full and self._said.get(name, fingerprint) != fingerprint:
                self._staged.replaced.add(name)
        elif fingerprint in self._landed and before != name:
            warnings.append(f"{name}: the same bytes as {before}, landed before; they are not landed again")
        if fingerprint in self._landed or is_twin or says_nothing:
            return False
        if fingerprint in self._replaced:
            warnings.append(f"{name}: an old delivery is back: these bytes were landed before, and replaced since")
        self._first_with.setdefault(fingerprint, name)
        return True


def check_gone(writer: PartWriter, landed: list[tuple[LoadManifest, LandedFile]], now: dict[str, str], options: FileEntity) -> None:
    """Tell of landed files that are there no more, but still count. Raises ConfigError where a new one says all that such a file said.

    landed and now: `current` and `now` of Delivered.
    """
    staged = writer.staged
    gone = [(load, item) for load, item in landed if item.path not in now and item.fingerprint not in now.values()]
    if not gone or staged.delivery != "full":
        return
    for load, item in gone if options.overlap == "add" else ():
        for new in staged.files:
            if item.rows and _holds(writer, new, load, item):
                raise ConfigError(
                    f"it holds all {item.rows} rows of {item.path}, which is gone: under `overlap: add` they would count twice",
                    where=f"{staged.where}, {new.path}",
                    hint="deliver a file that grows under its old name, or say `overlap: replace`",
                )
    names = sorted({item.path for _, item in gone})
    shown = ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
    staged.warnings.append(
        f"{len(names)} landed file(s) are there no more: {shown}; what they said still counts until it is delivered anew "
        "(`delivery: delta` says that this is meant)"
    )


def check_grown(writer: PartWriter, options: FileEntity) -> None:
    """Raise ConfigError where, of deltas whose rows add up, one says again all that the one before of its name said, and more."""
    staged = writer.staged
    if staged.delivery != "delta" or options.overlap != "add":
        return
    before = {item.path: (load, item) for load in staged.others for item in load.files if item.rows}
    for new in staged.files:
        load, item = before.get(new.path, (None, None))
        if load and item and new.sha256 != item.sha256 and _holds(writer, new, load, item):
            raise ConfigError(
                f"it holds all {item.rows} rows of the delivery before: under `overlap: add` they would count twice",
                where=f"{staged.where}, {new.path}",
                hint="say `delivery: full` of a file that grows, or deliver only what is new",
            )


def keep_earlier(writer: PartWriter, now: dict[str, str]) -> None:
    """Take over what an earlier extraction of the interval landed and still counts: a load replaces the one of its interval.

    now: as above. Raises ConfigError where rows of a delta would be lost, because another has taken its name.
    """
    staged = writer.staged
    if staged.own is None:
        return
    staged.replaced |= set(staged.own.replaced)
    before = current_files(staged.earlier)
    landed_now = {item.fingerprint for item in staged.files}
    by_name = {item.path: item for item in staged.files}
    for item in staged.own.files:
        new = by_name.get(item.path)
        says_other = staged.delivery == "full" and now.get(item.path, "") not in ("", item.fingerprint)
        if new is None and (says_other or item.fingerprint in landed_now):
            # what older loads say under this name does not come back
            staged.replaced.add(item.path)
        elif new is None:
            _keep(writer, staged.own, item)
        elif staged.delivery == "full":
            # nor does what had its bytes under another name, and was replaced by it
            staged.replaced |= {old.path for _, old in before if old.sha256 == item.sha256}
        elif new.sha256 != item.sha256 and not _holds(writer, new, staged.own, item):
            raise ConfigError(
                f"the {item.rows} row(s) that landed under this name earlier in this interval would be lost, and each delta adds",
                where=f"{staged.where}, {item.path}",
                hint="deliver each part under a name of its own; if this one corrects the other, remove "
                f"{staged.own.folder(staged.landing)} and extract again",
            )


def _holds(writer: PartWriter, new: LandedFile, load: LoadManifest, item: LandedFile) -> bool:
    """Whether a file of this extraction has every row of a landed one."""
    if not {name.lower() for name in item.columns} <= {name.lower() for name in new.columns}:
        return False
    columns = ", ".join(map(quoted, item.columns)) or "_row"
    old, part = rows_of(load.folder(writer.staged.landing) / item.part), rows_of(writer.staged.folder / new.part)
    return writer.run(f"select {columns} from {old} except all select {columns} from {part} limit 1", new.path).fetchone() is None


def _keep(writer: PartWriter, load: LoadManifest, item: LandedFile) -> None:
    """Bring a landed file and what was rejected of it into the load that is being made."""
    staged = writer.staged
    folder = load.folder(staged.landing)
    part = staged.next_part()
    shutil.copyfile(folder / item.part, part)
    if item.rejected:
        rows = rows_of(folder / REJECTED)
        writer.run(f"insert into rejected select _file, _row, rule, detail from {rows} where _file = {literal(item.path)}", item.path)
    staged.files.append(replace(item, part=part.name))

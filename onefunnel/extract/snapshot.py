"""One consistent copy of an input file, inside the folder it may come from; text in UTF-8, with what cannot be read marked."""

from __future__ import annotations

import codecs
import os
import re
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from onefunnel.durable import sha256_of
from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract.parts import NUL, UNDECODABLE

CHUNK = 1 << 22
MAX_RECORD_BYTES = 1_000_000
ATTEMPTS = 3
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# How files begin that are no text, whatever their name says.
NO_TEXT = {
    b"PK\x03\x04": ("a zip archive or a workbook", "unpack it, or declare `format: xlsx` of this entity"),
    b"\x1f\x8b": ("packed by gzip", "unpack it"),
    b"7z\xbc\xaf": ("packed by 7-Zip", "unpack it"),
    b"Rar!\x1a": ("packed by RAR", "unpack it"),
    b"BZh": ("packed by bzip2", "unpack it"),
    b"\xfd7zXZ": ("packed by xz", "unpack it"),
    b"\x28\xb5\x2f\xfd": ("packed by Zstandard", "unpack it"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "save it as .xlsx or CSV"),
    b"%PDF": ("a PDF", "export a table"),
    b"SQLite format 3": ("a database", "read it by `connector: database`"),
    b"PAR1": ("a Parquet file", "declare `format: parquet` of this entity"),
}
WEB_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|body|table)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one pass over a text finds.

    plain: valid UTF-8 without byte order mark, NUL or marks; formulas: a cell may be a text as a formula, ="007";
    doubtful: a record longer than MAX_RECORD_BYTES or an unclosed quote is possible, or there are blank lines above the header;
    lines: how many it has, whether or not a cell holds the break.
    """

    plain: bool = False
    doubtful: bool = False
    lines: int = 0
    formulas: bool = False


@dataclass(frozen=True)
class Snapshot(Look):
    """A copy that nobody else writes to. name: path as told to people, relative to its root; sha256: of the bytes as delivered.

    marked: it holds UNDECODABLE or NUL marks.
    """

    path: Path
    name: str
    sha256: str
    size: int
    marked: bool = False


def check_inside(path: Path, root: Path) -> Path:
    """The real path of a regular file inside root. Raises ConfigError for a link that leads out, a device, a pipe or a folder."""
    real, folder = path.resolve(), root.resolve()
    if not real.is_relative_to(folder):
        raise ConfigError("a link leads out of the source's folder", where=str(path), hint="put the file itself there")
    if not stat.S_ISREG(real.stat().st_mode):
        raise ConfigError("not a regular file", where=str(path), hint="only plain files are read")
    return real


def take_snapshot(path: Path, root: Path, scratch: Path, *, is_text: bool = False) -> Snapshot:
    """Copy a file into scratch and hash the copy; a text is looked through meanwhile.

    Raises OnefunnelError when the file keeps changing while being read.
    """
    name = path.relative_to(root).as_posix()
    copy = scratch / f"input{len(list(scratch.iterdir())):05d}{path.suffix.lower()}"
    for _ in range(ATTEMPTS):
        real = check_inside(path, root)
        before = real.stat()
        try:
            shutil.copyfile(real, copy)
        except PermissionError:
            raise ConfigError("no permission to read the file", where=str(path), hint="let the user of this process read it") from None
        after = real.stat()
        size = copy.stat().st_size
        if _version(before) == _version(after) and size == after.st_size:
            break
    else:
        hint = "deliver it under another name and rename it when whole"
        raise OnefunnelError(f"the file changed in each of {ATTEMPTS} attempts to read it", where=name, hint=hint)
    with ThreadPoolExecutor(max_workers=1) as beside:
        sha256 = beside.submit(sha256_of, copy)
        look = _inspect(copy) if is_text else Look()
        return Snapshot(copy, name, sha256.result(), size, **vars(look))


def _version(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def as_utf8(snapshot: Snapshot, encoding: str | None) -> Snapshot:
    """The snapshot as UTF-8 text without byte order mark: itself when it is that already, else a rewritten copy.

    A byte order mark overrides the declared encoding. Raises ConfigError when it is no text, or plainly in an encoding to be declared.
    """
    with snapshot.path.open("rb") as stream:
        start = stream.read(4096)
    for mark, (what, hint) in NO_TEXT.items():
        if start.startswith(mark):
            raise ConfigError(f"the file is no text: it is {what}", where=snapshot.name, hint=hint)
    if WEB_PAGE.match(start):
        hint = "some systems call a page .xls or .csv: save it as .xlsx or .csv in Excel; if it asks to log in, export anew"
        raise ConfigError("the file is no table: it is a web page", where=snapshot.name, hint=hint)
    marked_as = next((name for bom, name in BOMS if start.startswith(bom)), None)
    codec = marked_as or encoding or "utf-8"
    if marked_as is None and encoding is None and start.count(b"\0") * 4 > len(start):
        form = "utf-16-be" if start.startswith(b"\0") else "utf-16-le"
        raise ConfigError(
            "the file looks like UTF-16, which is not declared", where=snapshot.name, hint=f"declare `encoding: {form}` of this entity"
        )
    if codecs.lookup(codec).name == "utf-8" and snapshot.plain:
        return snapshot
    rewritten = snapshot.path.with_suffix(f".utf8{snapshot.path.suffix}")
    marked = _rewrite(snapshot.path, rewritten, codec)
    return replace(snapshot, path=rewritten, marked=marked, **{**vars(_inspect(rewritten)), "plain": True})


def _inspect(path: Path) -> Look:
    """A file looked through in one pass of fast searches over windows of half the longest record."""
    window = MAX_RECORD_BYTES // 2
    decoder = codecs.getincrementaldecoder("utf-8")()
    plain, open_quote, feeds, returns, formulas = True, False, 0, 0, False
    with path.open("rb") as stream:
        doubtful = stream.read(1) in (b"\n", b"\r")
        stream.seek(0)
        last = b""
        while chunk := stream.read(window):
            if plain and not _is_plain(chunk, decoder):
                plain = False
            feeds, returns = feeds + chunk.count(b"\n"), returns + chunk.count(b"\r")
            formulas = formulas or b'="' in chunk
            quotes = chunk.count(b'"')
            if len(chunk) == window and (b"\n" not in chunk or (quotes == 0 and open_quote)):
                doubtful = True
            open_quote ^= bool(quotes & 1)
            last = chunk[-1:]
    lines = max(feeds, returns) + (last not in (b"", b"\n", b"\r"))
    is_plain = plain and not decoder.getstate()[0]
    return Look(plain=is_plain, doubtful=doubtful or open_quote, lines=lines, formulas=formulas)


def _is_plain(chunk: bytes, decoder: codecs.IncrementalDecoder) -> bool:
    if b"\0" in chunk:
        return False
    if chunk.isascii() and not decoder.getstate()[0]:
        return True
    try:
        text = decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return not any(mark in text for mark in (UNDECODABLE, NUL))


def _rewrite(source: Path, target: Path, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)(errors="onefunnel_mark")
    marked = False
    with source.open("rb") as reading, target.open("wb") as writing:
        while True:
            chunk = reading.read(CHUNK)
            text = decoder.decode(chunk, final=not chunk).replace("\0", NUL)
            marked = marked or UNDECODABLE in text or NUL in text
            writing.write(text.encode("utf-8", errors="onefunnel_mark"))
            if not chunk:
                return marked


def _mark(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, (UnicodeDecodeError, UnicodeEncodeError)):
        return UNDECODABLE, error.end
    raise error


codecs.register_error("onefunnel_mark", _mark)

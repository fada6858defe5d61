"""What dbt does for each of hundreds of nodes, and every night again, although it comes to the same: done once (ADR 6).

Each shortcut stands in place of one function of dbt and answers what that answers; without it a build is slower and no other.
"""

from __future__ import annotations

import functools
import hashlib
import json
import marshal
from collections.abc import Container, Iterable
from contextlib import suppress
from importlib.metadata import version
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from types import CodeType
from typing import Any

from dbt_common.clients import agate_helper
from dbt_common.clients.jinja import MacroFuzzEnvironment
from dbt_common.events.base_types import BaseEvent, DynamicLevel, EventLevel

from onefunnel.durable import write_whole

# whoever of them changes, what it compiled before is compiled anew
COMPILERS: tuple[bytes | str, ...] = (MAGIC_NUMBER, *(f"{name} {version(name)}" for name in ("jinja2", "dbt-core", "dbt-common")))
DIGEST = hashlib.sha256().digest_size
MOST_KEPT = 20_000  # templates; a run uses some two thousand


def take_shortcuts(templates: Path, told: Container[EventLevel]) -> CompiledTemplates:
    """Let dbt take them all in this process. templates: where what Jinja compiles is kept; told: levels of events that are told.

    Returns the templates, which are to be saved when dbt has run.
    """
    compiled = CompiledTemplates(templates)
    compiled.install()
    fill_no_untold_events(told)
    make_type_testers_once()
    gather_modules_once()
    bind_macros_at_once()
    write_artifacts_at_once()
    return compiled


class CompiledTemplates:
    """Templates of Jinja as Python code, kept in a file beside dbt's own state: a run compiles those that are new."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[bytes, CodeType] = {}
        self.used: dict[bytes, CodeType] = {}
        try:
            content = path.read_bytes()
        except OSError:
            return
        # a damaged file could bring Python down: it is none
        if content[:DIGEST] == hashlib.sha256(content[DIGEST:]).digest():
            compilers, known = marshal.loads(content[DIGEST:])  # noqa: S302  of the home itself, as are the models
            self.known = known if compilers == COMPILERS else {}

    def install(self) -> None:
        """Let dbt's environments ask here first."""
        compile_anew = MacroFuzzEnvironment.compile

        def compiled(environment: MacroFuzzEnvironment, source: Any, *arguments: Any, **named: Any) -> Any:
            if arguments or named or not isinstance(source, str):
                return compile_anew(environment, source, *arguments, **named)
            key = hashlib.sha256(f"{type(environment).__name__}|{source}".encode()).digest()
            if key not in self.used:
                self.used[key] = self.known.get(key) or compile_anew(environment, source)
            return self.used[key]

        MacroFuzzEnvironment.compile = compiled

    def save(self) -> None:
        """Keep what this run used, if it used anything new."""
        if self.used.keys() <= self.known.keys():
            return
        content = marshal.dumps((COMPILERS, self.known | self.used if len(self.known) < MOST_KEPT else self.used))
        # a build that ended well does not fail for want of room for it
        with suppress(OSError):
            write_whole(self.path, hashlib.sha256(content).digest() + content)


def fill_no_untold_events(told: Container[EventLevel]) -> None:
    """An event that nobody is told needs no content."""
    fill = BaseEvent.__init__

    def __init__(event: BaseEvent, *arguments: Any, **named: Any) -> None:  # noqa: N807
        if isinstance(event, DynamicLevel) or event.level_tag() in told:
            fill(event, *arguments, **named)
        else:
            event.pb_msg = getattr(event.PROTO_TYPES_MODULE, type(event).__name__)()

    BaseEvent.__init__ = __init__


def make_type_testers_once() -> None:
    """Each result of a query is a table of agate, whose tester of types reads a calendar first."""
    make = functools.cache(agate_helper.build_type_tester)

    def build_type_tester(text_columns: Iterable[str], string_null_values: Iterable[str] | None = ("null", "")) -> Any:
        return make(tuple(text_columns), None if string_null_values is None else tuple(string_null_values))

    agate_helper.build_type_tester = build_type_tester


def gather_modules_once() -> None:
    """Every node sees the same functions of Python's modules."""
    from dbt.context import base

    base.get_context_modules = functools.cache(base.get_context_modules)


def bind_macros_at_once() -> None:
    """Every node sees all macros, bound to it: three hundred nodes times eight hundred macros, and each name looked for in five places."""
    from dbt.clients.jinja import MacroGenerator
    from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder

    class Found(MacroNamespace):
        """The same names; what each means is found when the namespace is made."""

        def __init__(self, *places: dict[str, Any]) -> None:
            super().__init__(*places)
            self._found: dict[str, Any] = {}
            for place in reversed(list(self._search_order())):
                self._found.update(place)

        def _keys(self) -> set[str]:
            return set(self._found)

        def __getitem__(self, key: str) -> Any:
            return self._found[key]

    def build_namespace(builder: MacroNamespaceBuilder, macros_by_package: dict[str, dict[str, Any]], context: dict[str, Any]) -> Found:
        def bound(macros: dict[str, Any]) -> dict[str, MacroGenerator]:
            made = {}
            for name, macro in macros.items():
                made[name] = generator = MacroGenerator.__new__(MacroGenerator)
                # as its __init__ does, through two more classes
                generator.context, generator.macro, generator.node, generator.stack = context, macro, builder.node, builder.thread_ctx
            return made

        packages = {package: bound(macros) for package, macros in macros_by_package.items()}
        internal: dict[str, MacroGenerator] = {}
        # the first of the list wins
        for name in reversed(builder.internal_package_names_order):
            internal.update(packages.pop(name, {}))
        own = packages.get(builder.search_package, {})
        root = packages.get(builder.root_package, {}) if builder.root_package != builder.search_package else {}
        return Found(root, own, internal, packages)

    MacroNamespaceBuilder.build_namespace = build_namespace


def write_artifacts_at_once() -> None:
    """Python encodes JSON in C when the whole text is asked for, and five times slower piece by piece into a file.

    The manifest, 7 MB, is written when a build has ended, with what it compiled; not before it as well.
    """
    from dbt.artifacts.schemas import base
    from dbt.cli import requires
    from dbt_common.utils.encoding import JSONEncoder

    def write_json(path: str, data: dict[str, Any]) -> bool:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(json.dumps(data, cls=JSONEncoder), encoding="utf-8")
        return True

    read = requires.parse_manifest

    def parse_manifest(config: Any, write_perf_info: bool, write: bool, *rest: Any) -> Any:
        return read(config, write_perf_info, write and config.args.which != "build", *rest)

    base.write_json = write_json
    requires.parse_manifest = parse_manifest

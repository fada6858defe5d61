"""What dbt does for each of hundreds of nodes, and every night again, although it comes to the same: done once (ADR 6).

Each shortcut stands in place of one function of dbt and answers what that answers; without it a build is slower and no other.
"""

from __future__ import annotations

import functools
import hashlib
import json
import marshal
from collections.abc import Callable, Container, ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from contextlib import suppress
from importlib.metadata import version
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

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
    answer_once()
    bind_macros_when_called()
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


def answer_once() -> None:
    """What is asked for each node or statement and is the same for all: a table without rows, the arguments of dbt, secrets to hide.

    A macro that raises is bound to its node where it is called, as other macros are.
    """
    from dbt.context import exceptions_jinja, providers
    from dbt_common.events import functions

    said: list[tuple[Any, dict[str, Any]]] = []

    def args_to_dict(args: Any) -> dict[str, Any]:
        if not said or said[0][0] is not args:
            said[:] = [(args, arguments_of(args))]
        return dict(said[0][1])

    def wrapped_exports(model: Any) -> Bound:
        return Bound(exceptions_jinja.CONTEXT_EXPORTS, exceptions_jinja.wrapper(model))

    arguments_of = providers.args_to_dict
    providers.args_to_dict = args_to_dict
    providers.wrapped_exports = wrapped_exports
    functions.env_secrets = functools.cache(functions.env_secrets)
    agate_helper.empty_table = functools.cache(agate_helper.empty_table)


class _Package(NamedTuple):
    """Stands for all macros of a package, by its name."""

    name: str


class Bound(dict[str, Any]):
    """Macros by name, each bound to its node when it is asked for: a node calls ten of nine hundred. Whoever asks for all gets all."""

    def __init__(self, macros: Mapping[str, Any], bind: Callable[[Any], Any]) -> None:
        super().__init__()
        self.macros, self.bind = macros, bind

    def __missing__(self, name: str) -> Any:
        self[name] = bound = self.bind(self.macros[name])
        return bound

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.macros

    def get(self, name: str, default: Any = None) -> Any:
        """As of a dictionary."""
        try:
            return self[name]
        except KeyError:
            return default

    def keys(self) -> KeysView[str]:
        """As of a dictionary."""
        self._bind_all()
        return super().keys()

    def values(self) -> ValuesView[Any]:
        """As of a dictionary."""
        self._bind_all()
        return super().values()

    def items(self) -> ItemsView[str, Any]:
        """As of a dictionary."""
        self._bind_all()
        return super().items()

    def __iter__(self) -> Iterator[str]:
        self._bind_all()
        return super().__iter__()

    def __bool__(self) -> bool:
        return bool(self.macros) or super().__len__() > 0

    def __len__(self) -> int:
        self._bind_all()
        return super().__len__()

    def _bind_all(self) -> None:
        for name in self.macros:
            self[name]


def bind_macros_when_called() -> None:
    """Every node sees all macros, bound to it, once to compile and once to run: six hundred contexts of nine hundred macros each."""
    from dbt.clients.jinja import MacroGenerator
    from dbt.context.configured import ConfiguredContext
    from dbt.context.macros import GLOBAL_PROJECT_NAME, MacroNamespace, MacroNamespaceBuilder
    from dbt.context.manifest import ManifestContext
    from dbt_common.clients.jinja import MacroFuzzTemplate, NativeSandboxTemplate

    class Found(MacroNamespace):
        """The same names; `found` says what each means."""

        def __init__(self, internal: Bound, packages: dict[str, Bound], found: Bound) -> None:
            super().__init__({}, {}, internal, packages)
            self.found = found

        def _keys(self) -> set[str]:
            return set(self.found.macros)

        def __getitem__(self, name: str) -> Any:
            return self.found[name]

    known: dict[tuple[Any, ...], tuple[Any, ...]] = {}

    def sorted_out(builder: MacroNamespaceBuilder, of: dict[str, dict[str, Any]]) -> tuple[Any, ...]:
        """(what it was made of, macros of dbt, of packages, what each name means); the same for all nodes of a package."""
        names = tuple(builder.internal_package_names_order)
        key = (builder.root_package, builder.search_package, names)
        made = known.get(key)
        if made is None or made[0] is not of:
            packages = {name: macros for name, macros in of.items() if name not in names}
            # the first of the list wins
            internal = {name: macro for package in reversed(names) for name, macro in of.get(package, {}).items()}
            called = {name: _Package(name) for name in (GLOBAL_PROJECT_NAME, *packages)}
            root, own = (packages.get(package, {}) for package in (builder.root_package, builder.search_package))
            made = known[key] = (of, internal, packages, {**internal, **called, **root, **own})
        return made

    def build_namespace(builder: MacroNamespaceBuilder, macros_by_package: dict[str, dict[str, Any]], context: dict[str, Any]) -> Found:
        def bind(macro: Any) -> MacroGenerator | Bound:
            if isinstance(macro, _Package):
                return of_dbt if macro.name == GLOBAL_PROJECT_NAME else of_packages[macro.name]
            return MacroGenerator(macro, context, builder.node, builder.thread_ctx)

        _, internal, packages, found = sorted_out(builder, macros_by_package)
        of_dbt, of_packages = Bound(internal, bind), {name: Bound(macros, bind) for name, macros in packages.items()}
        return Found(of_dbt, of_packages, Bound(found, bind))

    build, as_dict = ManifestContext._build_namespace, ManifestContext.to_dict

    def _build_namespace(context: ManifestContext) -> MacroNamespace:
        context._ctx = Bound({}, lambda macro: macro)
        return build(context)

    def to_dict(context: ManifestContext) -> dict[str, Any]:
        if not isinstance(context.namespace, Found):
            return as_dict(context)
        members, found = ConfiguredContext.to_dict(context), context.namespace.found
        # a macro stands before a member of its name
        for name in [name for name in dict.keys(members) if name in found.macros]:
            del members[name]
        members.macros, members.bind = found.macros, found.bind
        return members

    MacroNamespaceBuilder.build_namespace = build_namespace
    ManifestContext._build_namespace = _build_namespace
    ManifestContext.to_dict = to_dict
    # the other templates of dbt look a name up in the context as well, and make no copy of it
    NativeSandboxTemplate.new_context = MacroFuzzTemplate.new_context


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

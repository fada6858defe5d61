"""What stands in place of dbt's own functions answers what they answer, once, and a damaged file of it costs time only."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from dbt.adapters.events.types import SQLQuery
from dbt.adapters.factory import load_plugin
from dbt.artifacts.schemas import base as artifacts
from dbt.cli import requires
from dbt.clients.jinja import MacroGenerator, MacroStack
from dbt.context import base, exceptions_jinja, providers
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.context.manifest import ManifestContext
from dbt.contracts.graph.nodes import Macro
from dbt.events.types import MainReportVersion
from dbt.node_types import NodeType
from dbt_common.clients import agate_helper
from dbt_common.clients.jinja import MacroFuzzEnvironment, NativeSandboxTemplate, get_environment, get_template
from dbt_common.events import functions
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.types import Note
from dbt_common.exceptions import CompilationError
from jinja2 import Undefined

from onefunnel import dbt_shortcuts
from onefunnel.dbt_shortcuts import (
    CompiledTemplates,
    answer_once,
    bind_macros_when_called,
    fill_no_untold_events,
    gather_modules_once,
    make_type_testers_once,
    write_artifacts_at_once,
)

TEMPLATE = "{% macro twice(n) %}{{ n * 2 }}{% endmacro %}{{ n }} and {{ n * 2 }}"


@pytest.fixture(autouse=True)
def _as_dbt_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in (
        (MacroFuzzEnvironment, "compile"), (BaseEvent, "__init__"), (agate_helper, "build_type_tester"), (base, "get_context_modules"),
        (MacroNamespaceBuilder, "build_namespace"), (ManifestContext, "_build_namespace"), (ManifestContext, "to_dict"),
        (NativeSandboxTemplate, "new_context"), (providers, "args_to_dict"), (providers, "wrapped_exports"),
        (agate_helper, "empty_table"), (functions, "env_secrets"),
    ):  # fmt: skip
        monkeypatch.setattr(owner, name, getattr(owner, name))


def rendered(path: Path, template: str = TEMPLATE, *, native: bool = False) -> tuple[object, CompiledTemplates]:
    """As a run of dbt of its own renders it."""
    compiled = CompiledTemplates(path)
    compiled.install()
    return get_template(template, {}, native=native).render({"n": 3}), compiled


def test_a_template_is_compiled_once_for_all_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, first = rendered(tmp_path / "kept")
    assert text == "3 and 6"
    first.save()
    monkeypatch.setattr(MacroFuzzEnvironment, "_generate", None)  # a second compilation would call it
    text, second = rendered(tmp_path / "kept")
    assert text == "3 and 6"
    second.save()
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_template_that_changed_is_another(tmp_path: Path) -> None:
    rendered(tmp_path / "kept")[1].save()
    assert rendered(tmp_path / "kept", TEMPLATE + "!")[0] == "3 and 6!"
    assert rendered(tmp_path / "kept", "{{ n }}", native=True)[0] == 3
    assert rendered(tmp_path / "kept", "{{ n }}")[0] == "3"


@pytest.mark.parametrize("harm", [lambda content: b"", lambda content: content[:-9], lambda content: content[:40] + b"?" + content[41:]])
def test_what_is_damaged_is_compiled_anew(tmp_path: Path, harm: object) -> None:
    rendered(tmp_path / "kept")[1].save()
    (tmp_path / "kept").write_bytes(harm((tmp_path / "kept").read_bytes()))
    text, compiled = rendered(tmp_path / "kept")
    assert text == "3 and 6"
    assert compiled.known == {}


def test_what_cannot_be_kept_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = rendered(tmp_path / "kept")[1]

    def full(path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    compiled.save()
    assert list(tmp_path.iterdir()) == []


def test_what_another_version_compiled_is_compiled_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered(tmp_path / "kept")[1].save()
    monkeypatch.setattr(dbt_shortcuts, "COMPILERS", ("jinja2 0.1",))
    assert CompiledTemplates(tmp_path / "kept").known == {}


def test_an_event_that_is_told_says_what_it_did() -> None:
    fill_no_untold_events((EventLevel.INFO,))
    assert SQLQuery(conn_name="one", sql="select 1").sql == "", "nobody is told of it"
    assert MainReportVersion(version="1.2", log_version=3).version == "1.2"
    assert Note(msg="a line").msg == "a line", "its level is said when it is fired"


def test_types_of_a_result_are_told_as_before() -> None:
    rows = ["a", "b", "c", "d"], [["1", "2024-06-01", "x", "null"], ["2", "2024-06-02", "y", ""]]
    before = agate_helper.table_from_rows(rows[1], rows[0], text_only_columns=["a"])
    make_type_testers_once()
    for _ in range(2):
        after = agate_helper.table_from_rows(rows[1], rows[0], text_only_columns=["a"])
        assert [list(row) for row in after.rows] == [list(row) for row in before.rows]
        assert [type(kind) for kind in after.column_types] == [type(kind) for kind in before.column_types]


def test_modules_are_those_of_dbt() -> None:
    before = base.get_context_modules()
    gather_modules_once()
    assert base.get_context_modules() is base.get_context_modules()
    assert {name: sorted(module) for name, module in base.get_context_modules().items()} == {
        name: sorted(module) for name, module in before.items()
    }
    assert get_environment() is not None


def test_what_is_the_same_for_all_nodes_is_what_dbt_says(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"which": "build", "vars": {"n": 1}}
    monkeypatch.setattr(providers, "args_to_dict", lambda args: dict(args))
    answer_once()
    first = providers.args_to_dict(said)
    first["which"] = "changed by a node"
    assert providers.args_to_dict(said) == said
    assert providers.wrapped_exports(None).keys() == exceptions_jinja.CONTEXT_EXPORTS.keys()
    assert agate_helper.empty_table().rows.values() == ()


def test_an_error_that_a_macro_raises_names_its_node() -> None:
    answer_once()
    node = SimpleNamespace(name="fct_payment")
    with pytest.raises(CompilationError) as raised:
        providers.wrapped_exports(node)["raise_compiler_error"]("no such column")
    assert raised.value.node is node


@pytest.mark.parametrize("of_node", ["ours", "utils", "dbt", "adapter"])
def test_each_name_means_the_macro_that_dbt_finds(of_node: str) -> None:
    names = {"ours": "ab", "utils": "abcd", "adapter": "ace", "dbt": "abcef"}
    macros = {
        package: {name: SimpleNamespace(name=name, package_name=package, unique_id=f"macro.{package}.{name}") for name in has}
        for package, has in names.items()
    }
    stack, context, node = MacroStack(), {"a": "context"}, object()

    def namespace() -> MacroNamespace:
        return MacroNamespaceBuilder("ours", of_node, stack, ["adapter", "dbt"], node).build_namespace(macros, context)

    def flat(found: object) -> object:
        return {name: flat(one) for name, one in found.items()} if isinstance(found, dict) else vars(found)

    before = namespace()
    bind_macros_when_called()
    after = namespace()
    assert flat(dict(after)) == flat(dict(before))
    for package in (None, "ours", "utils", "dbt"):
        for name in "abcdefg":
            one, other = (kept.get_from_package(package, name) for kept in (before, after))
            assert (one and vars(one)) == (other and vars(other)), (package, name)


def test_a_context_says_what_it_said_and_binds_what_is_called() -> None:
    """A macro of the name of a member stands before it, as `var` here."""
    load_plugin("duckdb")
    texts = {
        "dbt": {"shout": "{{ text | upper }}!", "quiet": ""},
        "ours": {"var": "our own", "twice": "{{ shout(text) }} {{ dbt.shout(text) }}"},
    }
    macros = {
        package: {
            name: Macro(
                name, NodeType.Macro, package, "m.sql", "m.sql", f"macro.{package}.{name}",
                f"{{% macro {name}(text='') %}}{text}{{% endmacro %}}",
            )
            for name, text in of.items()
        }
        for package, of in texts.items()
    }  # fmt: skip
    config = SimpleNamespace(
        project_name="ours", credentials=SimpleNamespace(type="duckdb"), cli_vars={}, to_target_dict=dict, vars=None, dependencies={}
    )
    manifest = SimpleNamespace(get_macros_by_package=lambda: macros)

    def context() -> dict[str, object]:
        return ManifestContext(config, manifest, "ours").to_dict()

    template = "{{ twice('a') }} {{ var() }} {{ builtins.var is defined }} {{ nothing is defined }} {{ context['shout']('b') }}"
    before = context()
    bind_macros_when_called()
    after = context()
    for native in (False, True):
        rendered_by = [get_template(template, one, native=native).render(one) for one in (before, after)]
        assert rendered_by == ["A! A! our own True False B!"] * 2
    called = {name for name, member in dict.items(after) if isinstance(member, MacroGenerator)}
    assert called == {"twice", "shout", "var"}
    assert dict(after).keys() == before.keys()
    assert isinstance(after["var"], MacroGenerator)
    assert {name for name, member in after.items() if isinstance(member, MacroGenerator)} == {"shout", "quiet", "var", "twice"}


def test_artifacts_are_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in ((artifacts, "write_json"), (requires, "parse_manifest")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    content = {"a": [1, 2.5, None, True], "é": {"day": date(2026, 1, 5), "money": Decimal("1.10"), "none": Undefined()}}
    artifacts.write_json(str(tmp_path / "a/as_dbt_does.json"), content)
    write_artifacts_at_once()
    artifacts.write_json(str(tmp_path / "b/at_once.json"), content)
    assert (tmp_path / "b/at_once.json").read_bytes() == (tmp_path / "a/as_dbt_does.json").read_bytes()
    with pytest.raises(TypeError):
        artifacts.write_json(str(tmp_path / "a/as_dbt_does.json"), {"a": object()})
    assert (tmp_path / "a/as_dbt_does.json").read_bytes(), "what cannot be written replaces nothing"


@pytest.mark.parametrize(("which", "is_written"), [("build", False), ("parse", True), ("compile", True)])
def test_a_build_writes_its_manifest_when_it_has_ended(which: str, is_written: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(artifacts, "write_json", artifacts.write_json)
    monkeypatch.setattr(requires, "parse_manifest", lambda config, perf, write, *rest: asked.append((perf, write, *rest)))
    write_artifacts_at_once()
    requires.parse_manifest(SimpleNamespace(args=SimpleNamespace(which=which)), False, True, True, [])
    assert asked == [(False, is_written, True, [])]

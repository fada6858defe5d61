"""An agency's own stages: what is refused, with file and line, and what they become."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from words_folder import words

from onefunnel.errors import ConfigError
from onefunnel.funnel import check_stages, in_force, roles_of
from onefunnel.words import mapped_words, read_words, stages_in_force

STAGES = """stage_key,stage_order,department,role,label_en,label_ru
lead,10,marketing,lead,Lead,Лид
qualified,20,marketing,handoff,Qualified,Квалифицирован
meeting,30,sales,accepted meeting,Meeting,Встреча
client,40,sales,won,Client,Клиент
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("lead,10,marketing,lead", "lead,10,marketing,", None, "no stage has the role lead"),
        ("handoff", "", None, "no stage has the role handoff"),
        (",won,", ",,", None, "no stage has the role won"),
        ("accepted meeting", "accepted won", 5, "role won is given twice"),
        ("accepted meeting", "accepted dinner", 4, "role 'dinner' is not known"),
        ("handoff", "handoff lead", 3, "role lead is given twice"),
        ("lead,10", "lead,50", 3, "the first stage has not the role lead"),
        ("qualified,20", "qualified,35", 4, "the roles are not in their order"),
        ("qualified,20", "qualified,30", 4, "stage_order 30 is said twice"),
        ("qualified,20", "qualified,two", 3, "stage_order is 'two'"),
        ("qualified,20,marketing", "qualified,20,support", 3, "department 'support' is not known"),
        ("qualified,20", "Qualified,20", 3, "cannot name columns"),
        ("qualified,20", "created,20", 3, "created has another meaning"),
        ("Qualified,Ква", ",Ква", 3, "label_en is empty"),
        ("qualified,20", "lead,20", 3, "lead is said twice"),
        ("label_ru\n", "label_de\n", 1, "no column 'label_de'"),
        ("stage_order,department,role", "stage_order,department,rule", 1, "no column 'rule'"),
    ],
)
def test_stages_that_make_no_funnel_are_refused(tmp_path: Path, old: str, new: str, line: int | None, said: str) -> None:
    assert old in STAGES
    with pytest.raises(ConfigError, match=re.escape(said)) as error:
        read_words(words(tmp_path, funnel_stages=STAGES.replace(old, new, 1)))
    assert error.value.hint
    assert "funnel_stages.csv" in error.value.where
    assert line is None or error.value.where.endswith(f"line {line}")


def test_own_stages_replace_the_shipped_ones_and_keep_their_endings(tmp_path: Path) -> None:
    stages = stages_in_force(read_words(words(tmp_path, funnel_stages=STAGES)))
    assert [(stage.key, stage.order) for stage in stages] == [
        ("lead", 1), ("qualified", 2), ("meeting", 3), ("client", 4),
        ("rejected", None), ("returned", None), ("lost", None), ("partner_handoff", None),
    ]  # fmt: skip
    assert roles_of(stages)["meeting"] == "meeting"


def test_words_of_a_funnel_speak_of_its_stages(tmp_path: Path) -> None:
    lost = "source_system,source_field,source_value,stage_key\ntemplate,status,Angebot,proposal_sent\n"
    with pytest.raises(ConfigError, match="'proposal_sent' is not known"):
        read_words(words(tmp_path, funnel_stages=STAGES, stage_mapping=lost))
    read_words(words(tmp_path, funnel_stages=STAGES, stage_mapping=lost.replace("proposal_sent", "meeting")))


def test_a_shipped_word_of_a_stage_that_is_gone_is_not_mapped(tmp_path: Path) -> None:
    """So connect shows it as unmapped, and map asks for it, as the build counts it."""
    shipped = {line["stage_key"] for line in mapped_words("stage_mapping", {})}
    own = read_words(
        words(tmp_path, funnel_stages=STAGES, stage_mapping="source_system,source_field,source_value,stage_key\nzoho,status,X,meeting\n")
    )
    found = {line["stage_key"] for line in mapped_words("stage_mapping", own)}
    assert "proposal_sent" in shipped
    assert "meeting" in found
    assert found <= {"lead", "qualified", "meeting", "client", "rejected", "returned", "lost", "partner_handoff"}


@given(st.permutations(range(2, 9)), st.integers(1, 7), st.integers(1, 7))
def test_any_order_of_lines_gives_one_funnel(order: list[int], first: int, second: int) -> None:
    """Whatever the lines' order and wherever handoff and accepted stand, stages come in the order of their numbers, counted from 1."""
    handoff, accepted = sorted((first, second))
    roles = {1: "lead", 9: "won"}
    roles |= {handoff + 1: "handoff accepted"} if handoff == accepted else {handoff + 1: "handoff", accepted + 1: "accepted"}
    lines = [
        {
            "stage_key": f"s{n}",
            "stage_order": str(n * 10),
            "department": "sales",
            "role": roles.get(n, ""),
            "label_en": "x",
            "label_ru": "x",
        }
        for n in (9, *order, 1)
    ]
    check_stages("funnel_stages.csv", list(enumerate(lines, start=2)))
    assert [(stage.key, stage.order) for stage in in_force([], lines)] == [(f"s{n}", n) for n in range(1, 10)]

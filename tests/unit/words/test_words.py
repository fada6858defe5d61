"""An agency's own words: what is refused, with file and line; what a word may mean; the lines that are written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from words_folder import words

from onefunnel.config import PipelineConfig, load_config
from onefunnel.errors import ConfigError
from onefunnel.mapping import Unmapped, propose, table, write_lines
from onefunnel.project import project_root
from onefunnel.words import KEYS, count_replaced, read_words, shipped_lines


def config_of(folder: Path, **extra: str) -> PipelineConfig:
    (folder / "leads.csv").write_text("lead_id,created_at,channel\n1,2026-01-01,seo\n")
    source = {"name": "crm", "system": "template", "connector": "files", "entities": {"leads": {"path": "leads.csv"}}}
    (folder / "sources.yml").write_text(yaml.safe_dump({"version": 1, "sources": [source], **extra}))
    return load_config(folder / "sources.yml")


@pytest.mark.parametrize(
    ("files", "line", "said"),
    [
        ({"chanels": "a,b\n"}, None, "no file of words"),
        ({"channel_mapping": "source_system,source_value,channel\ntemplate,Podcast,seo\n"}, 1, "no column 'channel'"),
        ({"channel_mapping": "source_value,channel_key\nPodcast,seo\n"}, 1, "source_system is missing"),
        ({"channel_mapping": "source_system,source_value,channel_key\ntemplate,Podcast,seoo\n"}, 2, "'seoo' is not known"),
        ({"channel_mapping": "source_system,source_value,channel_key\ntemplate,,seo\n"}, 2, "source_value is empty"),
        ({"channel_mapping": "source_system,source_value,channel_key\ntemplate,Pod,seo\n\ntemplate, POD ,blog\n"}, 4, "said twice"),
        ({"channel_mapping": "source_system,source_value,channel_key\ntemplate,Podcast, of ours,seo\n"}, 2, "more or fewer cells"),
        ({"channels": "channel_key,channel_group\npodcast,content\n"}, 2, "says nothing of is_paid"),
        ({"channels": "channel_key,is_paid\nseo,yes\n"}, 2, "is_paid is 'yes'"),
        ({"sla": "stage_key,sla_business_minutes\nsql,an hour\n"}, 2, "a whole number"),
        ({"holidays": "holiday_date,name\n31.12.2026,New Year\n"}, 2, "is no day"),
        ({"reasons": "reason_key,winback_action\nprice,shout\n"}, 2, "'shout' is not known"),
    ],
)
def test_a_wrong_line_is_refused_with_its_place_and_what_is_allowed(
    tmp_path: Path, files: dict[str, str], line: int | None, said: str
) -> None:
    with pytest.raises(ConfigError) as error:
        read_words(words(tmp_path, **files))
    told = f"{error.value} {error.value.where} {error.value.hint}"
    assert said in told
    assert (f"line {line}" in told) is (line is not None)
    assert error.value.hint


def test_a_new_channel_may_be_mapped_to_at_once(tmp_path: Path) -> None:
    found = read_words(
        words(
            tmp_path,
            channels="channel_key,channel_group,is_paid,display_order,label_en,label_ru\npodcast,content,false,500,Podcast,Подкаст\n",
            channel_mapping="source_system,source_value,channel_key\ntemplate,Our show,podcast\n",
        )
    )
    replaced = {name: count_replaced(name, lines) for name, lines in found.items()}
    assert (len(found["channels"]), replaced) == (1, {"channels": 0, "channel_mapping": 0})


def test_a_wrong_folder_of_words_stops_every_command(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="folder of words is missing"):
        config_of(tmp_path, words="nowhere")


def test_dbt_and_the_reader_agree_on_what_makes_a_line_the_same() -> None:
    macro = (project_root() / "dbt_project/macros/words.sql").read_text(encoding="utf-8")
    said = {name: tuple(re.findall(r"'(\w+)'", keys)) for name, keys in re.findall(r"'(\w+)': \[([^\]]+)\]", macro)}
    assert said == KEYS
    for name, keys in KEYS.items():
        assert set(keys) <= set(shipped_lines(name)[0])


MEANINGS = {"seo": "seo", "SEO (organic search)": "seo", "ppc_search": "ppc_search", "Referral": "referral", "Рекомендация": "referral"}


@pytest.mark.parametrize(
    ("word", "first", "sure"),
    [
        ("Ppc-Search", "ppc_search", True),
        ("sео", "seo", True),
        ("рекомендация ", "referral", True),
        ("referal", "referral", False),
        ("qqq", None, False),
    ],
)
def test_a_word_is_proposed_and_sure_only_where_nothing_but_the_spelling_differs(word: str, first: str | None, sure: bool) -> None:
    proposals, is_sure = propose(word, MEANINGS)
    assert (proposals[0] if proposals else None, is_sure) == (first, sure)


@given(st.text(max_size=30))
def test_whatever_is_proposed_is_a_key(text: str) -> None:
    proposals, is_sure = propose(text, MEANINGS)
    assert set(proposals) <= set(MEANINGS.values())
    assert proposals or not is_sure


def test_accepted_words_are_lines_beside_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    words(tmp_path / "words", channel_mapping="source_system,source_value,channel_key\ntemplate,Old,seo\n")
    config = config_of(tmp_path, words="words")
    word = Unmapped("crm", "template", "leads", "channel", 'The "show", live', 3, None, 5.0, "channel_mapping", ("blog",), False)
    status = Unmapped("crm", "template", "leads", "status", "Angebot", 1, None, 0.0, "stage_mapping", (), False)
    # the same word as the stage of an event is the same line
    stage = Unmapped("crm", "template", "stage_events", "stage", "Angebot", 1, None, 0.0, "stage_mapping", (), False)
    write_lines(config, [(word, "blog"), (stage, "contract_sent"), (status, "proposal_sent")])
    found = load_config(config.file).own_words
    assert found["channel_mapping"][1] == {"source_system": "template", "source_value": 'The "show", live', "channel_key": "blog"}
    assert found["stage_mapping"] == [
        {"source_system": "template", "source_field": "status", "source_value": "Angebot", "stage_key": "proposal_sent"}
    ]


def test_without_a_folder_the_line_to_write_is_named(tmp_path: Path) -> None:
    word = Unmapped("crm", "template", "leads", "channel", "Show", 3, 2.5, None, "channel_mapping", (), False)
    with pytest.raises(ConfigError, match="names no folder") as error:
        write_lines(config_of(tmp_path), [(word, "blog")])
    assert "words: words" in error.value.hint


def test_the_table_shows_the_money_beside_the_rows() -> None:
    words = [
        Unmapped("ads", "template", "ad_spend", "channel", "pigeon", 1200, 1234.5, None, "channel_mapping", ("blog", "seo"), False),
        Unmapped("crm", "template", "leads", "status", "odd", 3, None, 0.0, "stage_mapping", (), False),
    ]
    assert table(words, "EUR") == [
        " rows  spent EUR  paid EUR  source  field    word    near",
        "1,200      1,234            ads     channel  pigeon  blog, seo",
        "    3                    0  crm     status   odd     nothing",
    ]

"""A program that asks and tells as tap-salesforce 2.8.1 does, for nights without the package index.

It knows --properties only, reads deleted records as well, goes on from a bookmark whose row it repeats, and writes moments with Z. The tap
itself reads the same server in test_singer.py.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import yaml

from onefunnel.project import project_root
from onefunnel.taps import Tap

PROGRAM = r"""
import argparse, json, sys, urllib.parse, urllib.request

NONE = {"Id": "automatic", "SystemModstamp": "automatic"}


def ask(path, form=None):
    body = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(urllib.request.Request(config["fake_url"] + path, body, headers)) as answer:
        return json.load(answer)


def told(value, kind):
    if value is None or kind not in ("date", "datetime"):
        return value
    return value + "T00:00:00.000000Z" if kind == "date" else value.replace(".000+0000", ".000000Z")


def kinds(name):
    return {field["name"]: field["type"] for field in ask(DATA + "sobjects/" + name + "/describe")["fields"]}


def entry(name):
    places = [{"breadcrumb": [], "metadata": {"valid-replication-keys": ["SystemModstamp"], "table-key-properties": ["Id"]}}]
    places += [{"breadcrumb": ["properties", each], "metadata": {"inclusion": NONE.get(each, "available")}} for each in kinds(name)]
    schema = {"type": "object", "properties": {each: {"type": ["null", "string"]} for each in kinds(name)}}
    return {"stream": name, "tap_stream_id": name, "schema": schema, "metadata": places}


def sync(stream):
    name = stream["stream"]
    places = {tuple(each["breadcrumb"]): each["metadata"] for each in stream["metadata"]}
    wanted = {place[1] for place, each in places.items() if place and (each.get("selected") or each["inclusion"] == "automatic")}
    fields = [each for each in stream["schema"]["properties"] if each in wanted]
    cursor = places[()].get("replication-key")
    query = "SELECT " + ",".join(fields) + " FROM " + name
    if cursor:
        since = state.get("bookmarks", {}).get(name, {}).get(cursor) or config["start_date"]
        query += " WHERE " + cursor + " >= " + since + "  ORDER BY " + cursor + " ASC"
    print(json.dumps({"type": "SCHEMA", "stream": name, "schema": stream["schema"], "key_properties": ["Id"]}))
    kind, place = kinds(name), DATA + "queryAll?" + urllib.parse.urlencode({"q": query})
    while place:
        page = ask(place)
        for row in page["records"]:
            record = {field: told(row[field], kind[field]) for field in fields}
            print(json.dumps({"type": "RECORD", "stream": name, "record": record, "version": 1}))
            if cursor:
                state.setdefault("bookmarks", {}).setdefault(name, {})[cursor] = record[cursor]
        print(json.dumps({"type": "STATE", "value": state}))
        place = page.get("nextRecordsUrl")


DATA = "/services/data/v61.0/"
asked = argparse.ArgumentParser()
asked.add_argument("--discover", action="store_true")
for option in ("config", "properties", "catalog", "state"):
    asked.add_argument("--" + option)
asked = asked.parse_args()
config, headers = json.load(open(asked.config)), {}
state = json.load(open(asked.state)) if asked.state else {}
login = {name: config[name] for name in ("client_id", "client_secret", "refresh_token")}
answer = ask("/services/oauth2/token", login | {"grant_type": "refresh_token"})
headers["Authorization"] = "Bearer " + answer["access_token"]
if answer.get("refresh_token"):
    json.dump(config | {"refresh_token": answer["refresh_token"]}, open(asked.config, "w"))
if asked.discover:
    print(json.dumps({"streams": [entry(each["name"]) for each in ask(DATA + "sobjects")["sobjects"]]}))
elif asked.properties:
    for stream in json.load(open(asked.properties))["streams"]:
        if any(not each["breadcrumb"] and each["metadata"].get("selected") for each in stream["metadata"]):
            sync(stream)
"""


def install(home: Path) -> None:
    """Put it into a home, as `onefunnel tap add` leaves a tap."""
    folder = home / "taps" / "tap-salesforce"
    (folder / "bin").mkdir(parents=True)
    (folder / "tap.json").write_text(json.dumps(asdict(Tap("tap-salesforce", "tap-salesforce", "2.8.1", "tap-salesforce"))))
    program = folder / "bin" / "tap-salesforce"
    program.write_text(f"#!{sys.executable} -IS\n{PROGRAM}")
    program.chmod(0o755)


def source(url: str, **block: object) -> dict[str, object]:
    """The block of sources.yml that docs/systems/salesforce.md shows, for the server at this address."""
    page = (project_root() / "docs" / "systems" / "salesforce.md").read_text(encoding="utf-8")
    first, more = (part.partition("```")[0] for part in page.split("```yaml")[1:])
    (shown,) = yaml.safe_load(first.rstrip() + "\n" + more.lstrip("\n"))
    return shown | {"config": shown["config"] | {"fake_url": url}} | block

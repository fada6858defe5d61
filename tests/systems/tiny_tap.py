"""A Singer tap of the tests' own, packed into a wheel: it has two streams, and may misbehave as its config says.

`mode`: good; legacy (knows only --properties); dies, cut, unannounced (a record before its schema), slow (starts a child and sleeps).
`told`: records of another shape.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

PROGRAM = r"""
import argparse, json, os, subprocess, sys, time

FIELDS = ("id", "amount", "email", "more", "odd name")
ROWS = [
    '{"id": %d, "amount": 12345678901234567890.1230, "email": "P%d@Client.test", "more": {"a": [1]}, "odd name": "x"}' % (n, n)
    for n in range(1, 4)
]


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("--config", action="append")
    asked.add_argument("--discover", action="store_true")
    for name in ("catalog", "properties", "state"):
        asked.add_argument("--" + name)
    asked = asked.parse_args()
    config = json.load(open(asked.config[0]))
    told = [json.dumps(row) for row in config["told"]] if "told" in config else ROWS[: config.get("rows", 2)]
    fields = list(dict.fromkeys(name for row in told for name in json.loads(row))) if "told" in config else FIELDS
    mode, token = config["mode"], config.get("token") or os.environ.get("TAP_TINY_TOKEN", "")
    if not token:
        sys.exit("no token")
    if oct(os.stat(asked.config[0]).st_mode)[-3:] != "600":
        sys.exit("the config can be read by others")
    if asked.discover:
        schema = {"type": "object", "properties": {name: {"type": ["null", "string"]} for name in fields}}
        streams = [{"tap_stream_id": name, "stream": name, "schema": schema, "key_properties": ["id"]} for name in ("people", "others")]
        print(json.dumps({"streams": streams}, indent=2))
        return
    chosen = asked.properties if mode == "legacy" else asked.catalog
    if not chosen:
        return
    selected = [
        stream["tap_stream_id"]
        for stream in json.load(open(chosen))["streams"]
        if any(not each["breadcrumb"] and each["metadata"].get("selected") for each in stream["metadata"]) and stream["schema"]["selected"]
    ]
    since = json.load(open(asked.state))["last"] if asked.state else 0
    print(json.dumps({"type": "SCHEMA", "stream": "others", "schema": {"properties": {}}, "key_properties": []}))
    for stream in selected:
        if mode != "unannounced":
            schema = {"properties": {name: {} for name in fields}}
            print(json.dumps({"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": ["id"]}))
        for number, row in enumerate(told, 1):
            if number > since:
                print('{"type": "RECORD", "stream": "%s", "record": %s}' % (stream, row))
                print('{"type": "STATE", "value": {"last": %d}}' % number)
    sys.stdout.flush()
    if mode == "dies":
        sys.exit("403 for token=" + token)
    if mode == "cut":
        print('{"type": "RECORD", "stream": "peop', end="")
    if mode == "slow":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        open(config["note"], "w").write(str(child.pid))
        time.sleep(60)
"""
METADATA = "Metadata-Version: 2.1\nName: tap-tiny\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def write_wheel(folder: Path) -> Path:
    """The tap as a wheel, which pip installs without an index."""
    path = folder / "tap_tiny-1.0-py3-none-any.whl"
    info = "tap_tiny-1.0.dist-info"
    files = {
        "tap_tiny.py": PROGRAM,
        f"{info}/METADATA": METADATA,
        f"{info}/WHEEL": WHEEL,
        f"{info}/entry_points.txt": "[console_scripts]\ntap-tiny = tap_tiny:main\n",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        wheel.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD")))
    return path

"""Write requirements.lock: every dependency of the project, of its tests and of its build, pinned with hashes.

Run by `make lock` in an environment that has uv. Versions already in the lock are kept unless --upgrade is given.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
HEADER = """\
# Every dependency of onefunnel, of its tests and of its build, with hashes; made by `make lock` from pyproject.toml.
# Any platform, Python 3.11 to 3.13. Install with: pip install --require-hashes -r requirements.lock
"""
# A block is `name[extra]==version ; marker \` followed by its indented hash and comment lines.
BLOCK = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)\[[^\]]+\](?P<rest>==.*\n(?:[ ]{4}.*\n)+)", re.MULTILINE)


def compile_lock(upgrade: bool) -> str:
    """The resolution of pyproject.toml's dependencies, its dev extra and its build requirements, as uv prints it."""
    build_requires = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    command = [
        sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "-", "--extra", "dev", "--universal", "--no-strip-extras",
        "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header", "--quiet", "--output-file", LOCK.name,
    ]  # fmt: skip
    if upgrade:
        command.append("--upgrade")
    subprocess.run(command, cwd=ROOT, input="\n".join(build_requires), text=True, check=True)
    return LOCK.read_text(encoding="utf-8")


def repeat_without_extras(lock: str) -> str:
    """Each `name[extra]==x` block once more as `name==x`: pip before 24 refuses, in hash mode, a plain
    requirement on a package that the file pins only with an extra."""
    return BLOCK.sub(lambda match: match.group(0) + match["name"] + match["rest"], lock)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that pyproject.toml allows")
    lock = repeat_without_extras(compile_lock(parser.parse_args().upgrade))
    LOCK.write_text(HEADER + lock.replace("via -r -", "via build-system.requires (pyproject.toml)"), encoding="utf-8")


if __name__ == "__main__":
    main()

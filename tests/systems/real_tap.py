"""A tap of the package index as anybody installs it; in its environment every request goes to a server of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from nights import RunCli

REDIRECT = """\
import re
import requests
send = requests.Session.send
def to_the_fake(self, request, **options):
    request.url = re.sub("^https?://[^/]+", "{url}", request.url)
    return send(self, request, **options)
requests.Session.send = to_the_fake
"""


def install_real_tap(run_cli: RunCli, home: Path, requirement: str, url: str) -> Path:
    """Install it into the home; returns the folder of its packages. Skips the test where the index is out of reach."""
    added = run_cli("tap", "add", requirement, "--home", home, code=None)
    if added.returncode:
        pytest.skip(f"the package index is out of reach: {added.stderr.strip().splitlines()[0][:120]}")
    (site,) = (home / "taps" / requirement.partition("==")[0] / "lib").glob("python*/site-packages")
    (site / "to_the_fake.py").write_text(REDIRECT.format(url=url), encoding="utf-8")
    (site / "to_the_fake.pth").write_text("import to_the_fake\n", encoding="utf-8")
    return site

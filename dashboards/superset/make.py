"""`make superset`: set up a Superset and import, or update, what spec.yml says. Run with the Python of its environment."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from bundle import write_bundle

CONFIG = """SECRET_KEY = {key!r}
SQLALCHEMY_DATABASE_URI = "sqlite:///{state}/superset.db"
# for one machine; behind a server of yours, see Superset's own pages on security
TALISMAN_ENABLED = False
CONTENT_SECURITY_POLICY_WARNING = False
LOG_LEVEL = "WARNING"
"""


def address(published: Path) -> str:
    """What Superset connects to: the file, read-only; with SUPERSET_POSTGRES_URL that server."""
    url = os.environ.get("SUPERSET_POSTGRES_URL", "")
    return url.replace("postgresql://", "postgresql+psycopg2://", 1) if url else f"duckdb:///{published}?access_mode=read_only"


def configured(state: Path) -> dict[str, str]:
    """The environment of Superset's own command; its configuration and secret key are made once."""
    state.mkdir(parents=True, exist_ok=True)
    config = state / "superset_config.py"
    if not config.exists():
        config.touch(mode=0o600)
        config.write_text(CONFIG.format(key=secrets.token_urlsafe(42), state=state), encoding="utf-8")
    return {**os.environ, "SUPERSET_CONFIG_PATH": str(config), "FLASK_APP": "superset.app:create_app()", "SUPERSET_HOME": str(state)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--published", type=Path, required=True, help="the published current.duckdb")
    parser.add_argument("--state", type=Path, required=True, help="folder of Superset's own database and configuration")
    parser.add_argument("--password", default=os.environ.get("SUPERSET_ADMIN_PASSWORD"), help="of the user admin; default: one is made")
    given = parser.parse_args()
    state, published = given.state.resolve(), given.published.absolute()
    if not published.exists():
        sys.exit(f"error: nothing is published yet\n  where: {published}\n  what to do: run a night first (make demo)")
    environment, is_new = configured(state), not (state / "ready").exists()

    def run(*command: object) -> None:
        words = [str(word) for word in command]
        done = subprocess.run(words, env=environment, cwd=state, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"error: {' '.join(words[:3])} failed\n{done.stdout[-2000:]}{done.stderr[-4000:]}")

    superset = Path(sys.executable).with_name("superset")

    if is_new:
        run(superset, "db", "upgrade")
        password = given.password or secrets.token_urlsafe(12)
        names = ("--username", "admin", "--firstname", "Admin", "--lastname", "Admin", "--email", "admin@localhost", "--password", password)
        run(superset, "fab", "create-admin", *names)
        run(superset, "init")
        (state / "ready").touch()
        if not given.password:
            print(f"user admin, password {password}: it is said only this once")
    with tempfile.TemporaryDirectory() as folder:
        said = write_bundle(Path(folder), published, address(published))
        run(sys.executable, Path(__file__).resolve().with_name("load.py"), folder)
    print(f"{len(said['dashboards'])} dashboards, {len(said['charts'])} charts, {len(said['datasets'])} datasets")
    print(f"SUPERSET_CONFIG_PATH={state / 'superset_config.py'} {superset} run -p 8088")


if __name__ == "__main__":
    main()

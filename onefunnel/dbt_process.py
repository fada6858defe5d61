"""dbt in a process of its own, which is told what to do by a line of JSON, and tells each event that is worth it by another.

It can be started before it is needed, so that dbt's import runs beside something else; without a line it ends.

dbt makes a message of every event and writes it out before it drops those below its level, once for the terminal and once for the file:
a sixth of a night. Here only what is kept is made into a message, and written to the same two places.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager
from dbt_common.events.functions import env_scrubber

from onefunnel.dbt_shortcuts import take_shortcuts

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbt_common.events.base_types import BaseEvent, EventMsg

TOLD = (EventLevel.INFO, EventLevel.WARN, EventLevel.ERROR)
LOG_BYTES = 10_000_000
TEMPLATES = "templates.marshal"


def main(arguments: list[str]) -> int:
    """Run dbt; 0 when all went well, 1 when a node failed, 2 when dbt could not run."""
    # the import makes a hundred thousand objects that stay: collecting them again and again costs a build a twentieth
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    silent = ["--log-level", "none", "--log-level-file", "none", "--no-use-colors"]
    ctx_set_event_manager(_OfWhatIsTold())
    templates = take_shortcuts(Path(os.environ.get("DBT_TARGET_PATH", "target")) / TEMPLATES, TOLD)
    result = dbtRunner(callbacks=[_teller(_log_file())]).invoke([*silent, *arguments])
    templates.save()
    if result.exception is not None:
        print(env_scrubber(str(result.exception)), flush=True)
        return 2
    return 0 if result.success else 1


class _OfWhatIsTold(EventManager):
    """Makes no message of an event that nobody is told: there are thousands a night. Of plain news only the words are told."""

    def fire_event(self, e: BaseEvent, level: EventLevel | None = None, *arguments: Any, **named: Any) -> None:
        told = level or e.level_tag()
        if told is EventLevel.INFO:
            for callback in self.callbacks:
                callback(_News(_Info(type(e).__name__, e.message(), told.value)))
        elif told in TOLD:
            super().fire_event(e, level, *arguments, **named)


class _Info(NamedTuple):
    """As EventInfo names them."""

    name: str
    msg: str
    level: str


class _News(NamedTuple):
    """What `_teller` reads of an EventMsg, without the protocol buffer that dbt makes of it."""

    info: _Info


def _teller(log: logging.Logger) -> Callable[[EventMsg | _News], None]:
    def tell(event: EventMsg | _News) -> None:
        message = env_scrubber(event.info.msg)
        log.log(getattr(logging, event.info.level.upper()), message)
        print(json.dumps({"name": event.info.name, "msg": message}), flush=True)

    return tell


def _log_file() -> logging.Logger:
    log = logging.getLogger("onefunnel.dbt")
    log.propagate = False
    log.setLevel(logging.INFO)
    path = Path(os.environ.get("DBT_LOG_PATH", "logs")) / "dbt.log"
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=5, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    return log


if __name__ == "__main__":
    import dbt.adapters.duckdb  # noqa: F401  else imported only when the profile is read

    line = sys.stdin.readline()
    ended = main(json.loads(line)) if line else 0
    logging.shutdown()
    sys.stdout.flush()
    # what it imported is not taken apart piece by piece: that takes half a second, in which nothing is left to do
    os._exit(ended)

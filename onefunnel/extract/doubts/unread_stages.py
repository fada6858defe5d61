"""Days of stages in columns of the leads, one for each stage, as CRMs export them: nobody reads them, and the stages look not reached."""

from __future__ import annotations

import re

from onefunnel.entities import contract_entities
from onefunnel.extract.doubts.undecided import DAY
from onefunnel.extract.doubts.unread_words import folded, ignore_line, unread_columns
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import Deliverable, TabularSource

STAGE = (
    r"brief(ing)?(_\w+)?|sql|sal|mql|qualified|demo(_\w+)?|meeting(_held)?|presentation|proposal(_\w+)?|quote(_\w+)?|offer(_\w+)?|negotiation|contract(_\w+)?"
    r"|(closed_)?won|signed|бриф\w*|квалификаци\w+|демо\w*|встреч\w+|презентаци\w+|кп|предложени\w+|договор\w*|angebot|vertrag|termin"
)
SAYS_DAY = r"date|at|on|time|day|дата|datum"
COLUMNS = rf"(date_(of_|entered_)?|entered_|became_(an?_)?|дата_)({STAGE})(_({SAYS_DAY}))?|({STAGE})_({SAYS_DAY})"


def check_unread_stages(writer: PartWriter, part: LandedFile, source: TabularSource, options: Deliverable) -> None:
    """Warn of such columns where the source delivers no stage entries."""
    delivered = {each for name in source.entities for each in contract_entities(source.system, name)}
    if "leads" not in contract_entities(source.system, writer.staged.entity) or "stage_events" in delivered:
        return
    ends = writer.ends(part)
    dated = {name for name, cells in ends.items() if all(re.match(DAY, cell.strip()) for cell in cells)}
    columns = COLUMNS
    if "closed_at" in {name.strip().lower() for name in part.columns}:
        # it says when a deal was won
        columns = rf"(?!.*won)({COLUMNS})"
    if names := [name for name in unread_columns(writer, part, options) if name in dated and re.fullmatch(columns, folded(name))]:
        what = f"columns {', '.join(names)} are read by nobody and say days of stages: no lead has reached them by that"
        hint = f"deliver them as `stage_events`, a row of lead_id, stage and entered_at for each; else {ignore_line(names[0])}"
        writer.doubt(part, what, hint, is_refused=False)

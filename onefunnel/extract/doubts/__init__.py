"""What is asked of every table that landed, whatever brought it: whether its columns, days and sums say something that nobody reads."""

from __future__ import annotations

from onefunnel.config import PipelineConfig
from onefunnel.extract.doubts.headings import check_headings
from onefunnel.extract.doubts.midnights import check_midnights
from onefunnel.extract.doubts.rate_sides import check_sides
from onefunnel.extract.doubts.rhythm import check_rhythm
from onefunnel.extract.doubts.same_ids import check_same_ids
from onefunnel.extract.doubts.subtotals import check_subtotals
from onefunnel.extract.doubts.sums import check_sums
from onefunnel.extract.doubts.target_rows import check_target_rows
from onefunnel.extract.doubts.two_currencies import check_two_currencies
from onefunnel.extract.doubts.unread_figures import check_unread_figures
from onefunnel.extract.doubts.unread_stages import check_unread_stages
from onefunnel.extract.doubts.unread_units import check_unread_units
from onefunnel.extract.doubts.unread_words import check_unread_words
from onefunnel.extract.doubts.unread_zones import check_unread_zones
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import Deliverable, TabularSource


def look_again(writer: PartWriter, part: LandedFile, config: PipelineConfig, source: TabularSource, options: Deliverable) -> None:
    """Raise ConfigError, with the line to write, where figures would be wrong; warn where they may be."""
    check_unread_words(writer, part, source, options)
    check_unread_units(writer, part, source, options, config.reporting.base_currency)
    check_unread_figures(writer, part, source, options, config.reporting.base_currency)
    check_unread_stages(writer, part, source, options)
    check_unread_zones(writer, part, source, options)
    check_sides(writer, part, source, config.reporting.base_currency)
    check_midnights(writer, part, source)
    check_rhythm(writer, part, source)
    check_same_ids(writer, part, source, options)
    check_headings(writer, part, source)
    check_sums(writer, part, source, options)
    check_subtotals(writer, part, source, options)
    check_two_currencies(writer, part, source, options)
    check_target_rows(writer, part, source, options)

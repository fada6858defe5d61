"""A generated agency: the files that `onefunnel demo-data` writes, the same bytes for the same arguments."""

from onefunnel.demo.files import write
from onefunnel.demo.spec import INCIDENTS, DemoSpec
from onefunnel.demo.world import generate

__all__ = ["INCIDENTS", "DemoSpec", "generate", "write"]

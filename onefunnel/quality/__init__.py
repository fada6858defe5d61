"""Quality gates: what must be true of landed data and of a candidate before anybody sees it.

Results are light (onefunnel.quality.result); Great Expectations is imported in gate processes only, since it takes seconds.
"""

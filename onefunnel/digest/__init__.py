"""The morning message: what a manager must know of the version just published, once per version and reader."""

from onefunnel.digest.delivery import queue_digest, send_digests

__all__ = ["queue_digest", "send_digests"]

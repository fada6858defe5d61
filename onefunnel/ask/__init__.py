"""Questions about the published figures from programs that speak the Model Context Protocol: read-only and bounded."""

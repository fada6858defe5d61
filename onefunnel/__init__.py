"""onefunnel: one funnel for marketing and sales, built and proven every night."""

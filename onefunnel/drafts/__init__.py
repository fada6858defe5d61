"""A system that onefunnel does not know, from samples: what they hold, what it may mean, what a night would make of it."""

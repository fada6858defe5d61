"""Other ways to run the same models on the same landing, each in an environment of its own: they share no package with the product."""

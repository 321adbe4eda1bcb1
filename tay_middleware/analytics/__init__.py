"""Numbers about many turns: what happened, what is sure of it, and what to change next."""

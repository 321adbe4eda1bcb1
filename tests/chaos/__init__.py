"""Real servers, real faults, under load: what is sent is stored, once; `make chaos` runs it."""

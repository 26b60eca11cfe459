"""A second opinion on specs: their text walked as a person reads it, apart from what elaborates, names and writes."""

"""From what a person names to a spec and its parameters: finding, reading, and values from outside."""

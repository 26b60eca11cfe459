"""Every mistake of a text that can't be read, each once. None of this runs for a text that can be."""

"""The stages of a spec on its way to a source, each printed as text: one file a stage."""

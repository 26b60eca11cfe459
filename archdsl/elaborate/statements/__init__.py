"""Statements of the language, a file a kind: what each makes of the tensor that arrives."""

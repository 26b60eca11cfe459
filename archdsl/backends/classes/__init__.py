"""Which class serves which call, and what its parameters are, for any language that has classes."""

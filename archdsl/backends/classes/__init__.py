"""Which class serves which call, what its parameters are, each held to every call: for any language that has classes."""

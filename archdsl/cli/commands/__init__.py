"""One file a command. A file here is a command of its name; nothing else has to be told about it."""

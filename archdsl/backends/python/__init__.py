"""Python as text: documents that are broken into lines where formatters break them, and values as literals."""

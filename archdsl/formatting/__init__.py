"""One style for specs: spacing, line breaks, indentation and tables. No layer is known here, and no shape."""

from archdsl.formatting.format import ChangedMeaning, format_source

__all__ = ["ChangedMeaning", "format_source"]

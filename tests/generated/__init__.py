"""Specs made by the thousand, and a second opinion on each that walks its text."""

"""Numbered steps of the two schemas, state and events."""

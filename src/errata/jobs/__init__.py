"""Loops, locks and processes without meaning: what runs, not what it does."""

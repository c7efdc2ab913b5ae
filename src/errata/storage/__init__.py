"""Engines without meaning: the state database, the journal, the event store's connection."""

"""Issues: events with one fingerprint, their state and whose they are. What is counted lives in `events`."""

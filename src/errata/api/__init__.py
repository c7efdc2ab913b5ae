"""Rim: Datadog's public HTTP API. Turns requests into our values and values into answers; decides nothing."""

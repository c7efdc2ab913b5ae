"""Errata: self-hosted error tracking and case management that speaks Datadog's public API."""

__version__ = "0.1.0"

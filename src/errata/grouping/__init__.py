"""Which errors are one issue: versioned methods, each frozen once released, that can say why."""

"""Events: what was received, in one form; which of them are errors, their bounds, and the store they are kept in."""

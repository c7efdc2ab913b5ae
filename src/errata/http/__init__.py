"""HTTP itself: what is refused before any application sees it, a server with those limits, and bounded bodies."""

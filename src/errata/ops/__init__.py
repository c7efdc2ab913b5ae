"""Rim for operators and their monitors: health and metrics. Open to whoever reaches the port; holds no secrets."""

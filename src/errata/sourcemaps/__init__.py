"""Source maps: uploaded with a release, asked for where each call of minified code stands in its source."""

"""The search language: text to tree, tree to a checked tree, checked tree to what an engine or plain Python runs.

`parse` reads a query, `render` writes one, `bind` settles which stored field every key means, `to_clickhouse` and
`match` give the same answer from two sides. Nothing here knows an issue, a case or a particular column: what is
searchable is told by a catalogue (`facets.Catalogue`).
"""

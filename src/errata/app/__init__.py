"""The only place that puts things together: one module a process, each importing only what its process needs.

Kept apart because memory and start-up time are: the engine needs no HTTP framework, the web no engine.
"""

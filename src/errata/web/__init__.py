"""Rim: pages, rendered on the server. Reads, shapes what a page shows, renders; decides nothing."""

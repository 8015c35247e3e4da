"""Queries and labels as files: tables, JSON lines, TREC, benchmarks, training data.

Responsible for each format's rules, and for saying row, value and remedy where a file breaks
them. Must not know what the workspace holds: known ids, labels and texts are handed in. Files
that come in are untrusted: every size has a cap, and a cap that bites says so.
"""

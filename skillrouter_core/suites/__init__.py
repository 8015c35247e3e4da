"""Saved queries run again, held against the run before.

Responsible for what changed between two runs of a suite and how sure that is. Must not know
the database, a page or a model.
"""

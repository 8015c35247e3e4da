"""Parts of the page for queries: the sets, the list, what is added and what leaves.

Must not know where queries are kept: the workspace says.
"""

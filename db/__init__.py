"""Storage: tables, migrations, sessions and queries.

Returns records, never ORM rows, and knows nothing of routing, models or pages.
Of the engine it imports only errors, progress, records and listing.
"""

"""One file a migration, in order; applied ones are never edited."""

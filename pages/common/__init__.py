"""What several pages draw alike: safe text, progress, scores, the address, the workspace."""

"""The parts of the page for training."""

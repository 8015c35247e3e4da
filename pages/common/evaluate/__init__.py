"""The parts of the page for evaluations."""

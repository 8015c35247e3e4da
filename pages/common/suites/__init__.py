"""The parts of the page for suites."""

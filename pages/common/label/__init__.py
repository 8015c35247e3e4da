"""The parts of the page for labelling: choosers, the desk, what goes to the browser and back."""

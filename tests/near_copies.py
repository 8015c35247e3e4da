"""Bodies of skills that have nothing in common, to make near-copies of."""

from __future__ import annotations

BREAD = (
    "Weigh the flour and the water on a scale. Mix them with the starter and let the dough rest "
    "for an hour. Fold it four times, half an hour apart. Shape a loaf, put it in a basket and "
    "keep it cold over night. Bake it in a hot pot for forty minutes, the lid off at the end."
)
SHIP = (
    "Build the container image and tag it with the commit. Push it to the registry and roll it "
    "out to one node first. Watch the error rate for ten minutes before the rest of the fleet "
    "follows, and keep the old image at hand so that a rollback takes a single command."
)
TAX = (
    "Collect all invoices of the quarter and check each number against the ledger. Sum the input "
    "tax and the output tax by rate. Fill in the return, have a colleague read it, send it before "
    "the tenth of the month and file the receipt with the invoices it belongs to."
)
SOUP = (
    "Roast the bones until they are brown. Cover them with cold water, add an onion and a carrot, "
    "and let it simmer for six hours without ever boiling. Strain it through a cloth, cool it "
    "quickly and take the fat off the top before you season the broth."
)

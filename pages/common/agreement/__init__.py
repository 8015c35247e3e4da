"""Parts of the page that asks whether labels can be trusted."""

"""Project folders: the card, the two modules, their rows, the splits, what `make data` builds of them."""

"""The axolotl engine: axolotl's own training entry, started in a process of its own."""

"""What `make check` looks at: card, modules, recipes, data, model, and the mistakes that spoil a training."""

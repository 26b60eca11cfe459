"""What a training is to be, settled and checked before torch is imported: recipes, data by name, networks fitted."""

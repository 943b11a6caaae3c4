"""How rows become products: those of one product, of other sellers, languages or variants come together."""

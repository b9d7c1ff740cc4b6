"""Work orders (办件流转): what a call leaves behind and what the operator enters."""

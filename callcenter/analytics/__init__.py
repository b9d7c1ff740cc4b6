"""Figures: what the journal says of calls and operators, as facts and their sums. Pure."""

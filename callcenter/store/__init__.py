"""What is kept: the journal of events, and the work orders that are projected from it."""

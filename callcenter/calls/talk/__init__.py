"""An operator talks with a caller and up to three others: who hears whom, and what changes it."""

"""Attacks by SIP: who tries passwords or is nobody we know is refused for a while, and told of."""

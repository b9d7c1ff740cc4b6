"""Who may do what: operators' PINs, tokens for programs and pages, roles."""

"""号码计划: YAML files to a typed plan, and from a number and a moment to a route."""

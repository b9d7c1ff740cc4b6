"""The web side: staff API, wallboard, health and metrics. `app.py` puts them together."""

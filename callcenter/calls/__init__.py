"""话务服务: calls, operators and queues; a deterministic core without I/O. Start at centre.py."""

"""Personal data is erased in time: of orders, the journal, the audit, and queue_log's old lines."""

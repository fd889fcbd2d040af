"""One-Link over HTTP: one method for each endpoint, domain types both ways."""

"""The rules of booking: what must be true, whatever the neighbours look like."""

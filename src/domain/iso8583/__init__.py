"""From received bytes to data elements: ISO 8583:1987 in ASCII, and the same elements as JSON."""

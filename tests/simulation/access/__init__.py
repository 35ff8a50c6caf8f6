"""Who may do what: policies evaluated as IAM does, and the actions behind each call."""

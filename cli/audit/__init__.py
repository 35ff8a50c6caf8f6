"""The invariants of the ledger, each a function over plain rows that yields what breaks it."""

"""Plain Python: what a card transaction is and what it does to the ledger. No AWS, no clock, no
chance.
"""

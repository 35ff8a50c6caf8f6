"""A deterministic simulation of the deployed system: the real handlers, simulated services."""

"""The command line: it reads the tables itself, and changes anything only through functions."""

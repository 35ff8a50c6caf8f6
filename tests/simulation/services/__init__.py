"""The services of AWS that the system uses, as far as their behaviour matters to it."""

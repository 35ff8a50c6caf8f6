"""The expanded template read into a plan, strictly: what is not understood is refused."""

"""From a false-alarm rate that is asked for to a threshold: counts, bounds, tails; NumPy and SciPy alone."""

"""What a network costs: time by turns, memory of a process of its own, energy; in each backend."""

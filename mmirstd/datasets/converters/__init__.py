"""From data sets as their authors ship them to what the data sets here read; ``mmirstd drone-ir`` and its like."""

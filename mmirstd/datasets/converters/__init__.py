"""From data sets as their authors ship them to what the data sets here read; used by tools/dataset_converters."""

"""From data sets as their authors ship them to what the data sets here read; ``mmirstd yolo-to-coco`` and its like."""

"""What can be chosen, and what it means; light, so that ``--help`` needs nothing else."""

#: Formats by name.
FORMAT_TEXTS = {
    'masks': 'images/, masks/ and img_idx/, or as public data sets have them',
    'coco': 'COCO JSON',
    'voc': 'Pascal VOC XML',
    'cvat': "CVAT's XML 1.1, for images or video",
    'labelme': 'labelme JSON',
    'txt': "SSTNet's lists: path x1,y1,x2,y2,class ... a line",
    'points': 'a CSV or JSON table: image, x, y',
    'yolo': 'YOLO text files, data.yaml, or a list of images',
    'mot': "MOTChallenge's text files, gt/gt.txt",
    'anti-uav': "Anti-UAV's JSON, exist and gt_rect of each frame",
}
#: Formats that are read alone.
READ_ONLY = ('mot', 'anti-uav')
#: What the targets are turned into.
KINDS = {
    'keep': 'as they are, as far as the format holds them',
    'boxes': 'the box around each target',
    'masks': 'the pixels of each target',
    'points': 'the center of each target: of its pixels, or of its box',
}
#: How a box becomes pixels.
FILLS = {
    'ellipse': 'the ellipse in the box',
    'box': 'all pixels of the box',
    'gaussian': 'soft values, one half where the ellipse ends',
}
#: How images get into the folder of a converted data set.
COPY_MODES = {'copy': 'copy the files', 'link': 'symbolic links to the files', 'none': 'labels only'}
#: What is done where an image is not there.
MISSING_IMAGES = {
    'error': 'an error that names the images',
    'skip': 'leave out the image and its targets',
    'keep': 'keep the labels where they say how large the image is',
}
#: What is done where an image has another size than its labels say.
SIZE_MISMATCHES = {
    'error': 'an error that names the images',
    'scale': 'scale the targets to the size of the image',
}
#: How the corners of a Pascal VOC box are meant.
CORNERS = {
    'voc': 'as VOC defines them: pixels counted from 1, the last one included',
    'edges': 'as labelImg writes them: distances from the edge of the image, from 0',
}
#: What the numbers of YOLO and COCO files count.
UNITS = {'shares': 'shares of width and height', 'pixels': 'pixels'}

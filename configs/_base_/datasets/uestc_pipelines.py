# What DAUB, IRDST and ITSDT-15K share: COCO JSON and folders as UESTC-nnLab ships them.  Each adds its root.
#
# Published results train on all training sequences.  Here 15% of the sequences are held out to choose the checkpoint,
# so that the test frames never do.  To train on all of them (and use the last checkpoint):
#   --cfg-options train_dataloader.dataset.holdout=None
_base_ = ['./clip_pipelines.py']

image_size = 512  # SSTNet's letterbox; any size, or (height, width)

letterbox = dict(type='mmirstd.ClipLetterbox', size=image_size)
train_pipeline = [_base_.load, _base_.boxes, letterbox, _base_.flip, _base_.pack]
test_pipeline = [_base_.load, _base_.boxes, letterbox, _base_.pack]
single_frame_train_pipeline = [*train_pipeline[:-1], _base_.single_frame_pack]
single_frame_test_pipeline = [*test_pipeline[:-1], _base_.single_frame_pack]

# Boxes that leave the image are cut to it, and counted in the log.
train_dataloader = dict(
    dataset=dict(
        ann_file='instances_train2017.json',
        bad_box='clip',
        pipeline=train_pipeline,
        holdout=dict(fraction=0.15, seed=0, part='train'),
    )
)
val_dataloader = dict(
    dataset=dict(
        ann_file='instances_train2017.json',
        bad_box='clip',
        pipeline=test_pipeline,
        holdout=dict(fraction=0.15, seed=0, part='val'),
    )
)
test_dataloader = dict(dataset=dict(ann_file='instances_test2017.json', bad_box='clip', pipeline=test_pipeline))

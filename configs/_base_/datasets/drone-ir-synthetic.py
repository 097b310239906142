# Drone-IR's training videos together with generated sequences: for a detector that is to work on videos of other
# sensors, with the augmentation that this asks for.  Both lie below one root:
#   data/Drone-IR  data/synthetic-sequences, which this makes:
#   mmirstd generate data/synthetic-sequences --mode sequences --num-train 600 --num-val 60 --num-test 100 --seed 24 \
#       --parameters configs/_base_/synthetic/sequences.json
# Validation and test: Drone-IR's videos, those held out of train and those of its test list. The generated ones by
# --data synthetic-sequences: the numbers of frames of two annotations would be mixed up in one evaluation.
_base_ = ['./clip_pipelines.py']

data_root = 'data'  # another root for all: --cfg-options data_root=PATH
drone_ir_root = data_root + '/Drone-IR'
crop_size = (160, 160)  # as large as the generated frames

augmentation = [
    _base_.boxes,
    dict(type='RandomFlip', prob=[0.25, 0.25, 0.25], direction=['horizontal', 'vertical', 'diagonal']),
    dict(type='mmirstd.RandomGamma', prob=0.2),
    dict(type='mmirstd.RandomBrightnessContrast', prob=0.5, brightness=0.1, contrast=0.3),
    dict(type='mmirstd.RandomSensorNoise', prob=0.3, sigma=(0.0, 0.015)),
    _base_.pack,
]
# A window without a target is as good as one with: what is no target must be learned, too.
crop = dict(type='RandomCrop', crop_size=crop_size, allow_negative_crop=True)
train_pipeline = [_base_.load, augmentation[0], crop, *augmentation[1:]]
# 16-bit files of the generator hold 14-bit codes.
generated_pipeline = [dict(type='mmirstd.LoadClip', bit_depth=14), *augmentation]

drone_ir = dict(
    type='mmirstd.ClipDataset',
    data_root=drone_ir_root,
    ann_file='instances_train2017.json',
    pipeline=train_pipeline,
)
generated = dict(
    type='mmirstd.ClipDataset',
    data_root=data_root + '/synthetic-sequences',
    ann_file='instances_train2017.json',
    pipeline=generated_pipeline,
)

train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        _delete_=True,
        type='mmirstd.ConcatClipDataset',
        num_frames=5,
        datasets=[dict(type='RepeatDataset', times=2, dataset=drone_ir), generated],
    ),
)
val_dataloader = dict(batch_size=8, dataset=dict(data_root=drone_ir_root, ann_file='instances_val2017.json'))
test_dataloader = dict(batch_size=8, dataset=dict(data_root=drone_ir_root, ann_file='instances_test2017.json'))

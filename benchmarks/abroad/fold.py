# GGL-Net tiny trained on all sources but one, tested on the training images of that one: what a recipe is worth abroad
# (configs/ggl_net/abroad.md).  No image of a test list is read.
#
# Below one root lie NUAA-SIRST, NUDT-SIRST and what these make:
#   mmirstd generate data/synthetic --num-train 200 --num-val 4 --num-test 4 --bit-depth 14 --seed 7
#   VIDEOS=$(grep -v BIRD SOURCE/splits/train.txt)
#   mmirstd drone-ir SOURCE data/Drone-IR --every 50 --window 1 --videos $VIDEOS
# Birds are left out: where one is labeled there may be others.  Its boxes are several times as wide as the targets, so
# masks grow from their centers:
#   mmirstd convert-labels data/Drone-IR/instances_train2017.json --images data/Drone-IR --shapes points --to coco \
#       --copy none --out data/Drone-IR-points
#   mmirstd convert-labels data/Drone-IR-points --images data/Drone-IR --to masks --grow-points \
#       --out data/Drone-IR-masks
#   (cd data/Drone-IR-masks/masks && find . -name '*.png' | sed 's#^./##; s#.png$##' | sort > ../train.txt)
# GGL-Net slim starts from these weights, of generated scenes or of what is shipped:
#   for name in synthetic-pretraining nuaa-nudt-synthetic; do
#       python benchmarks/abroad/widen.py configs/ggl_net/weights/ggl-net-tiny_$name.pth \
#           work_dirs/ggl-net-slim_$name.pth
#   done
# The generator has its defaults: other parameters were fitted to statistics of both real sources.
#
# Each variable below is one change of the recipe; 0 and None: as the recipe has it.
_base_ = [
    '../../configs/_base_/models/ggl-net-tiny.py',
    '../../configs/_base_/datasets/sirst_pipelines.py',
    '../../configs/_base_/schedules/cpu_adamw-onecycle.py',
    '../../configs/_base_/default_runtime.py',
]

held_out = 'nudt'  # or 'nuaa', 'drone_ir': the source that is not trained on
drone_ir_targets = False  # also Drone-IR's training frames, with masks that grew from their boxes' centers
p_free = 0.0  # share of windows without target
backgrounds = False  # also windows without target from Drone-IR's training videos
p_defects = 0.0  # share of windows with defective pixels
p_gain = 0.0  # share of images of another gain, offset and bit depth
p_polarity = 0.0  # share of images black for white
strong = False  # twice the change of scale, blur and noise
hard = None  # share of windows around false targets of the network
average = False  # weights averaged over training
normalize = None  # how gray values are read, in training and in tests; None: divided by the largest code
length = 1  # times as many epochs
random_start = False  # from random weights
width = 8  # channels of the first stage; 16 are the paper's
slim = False  # GGL-Net slim, from the widened weights of the start: 16 channels, in the end at most 128
test_gain = None  # share of the code range that test images fill, as codes of 14 bits
at_home = False  # tested on the 34 and 66 held-out training images of NUAA-SIRST and NUDT-SIRST

data_root = 'data'
nuaa = dict(
    type='mmirstd.SIRSTDataset',
    data_root=data_root + '/NUAA-SIRST',
    ann_file=['img_idx/idx427_trainval.txt', 'idx_427/trainval.txt'],
)
nudt = dict(type='mmirstd.SIRSTDataset', data_root=data_root + '/NUDT-SIRST', ann_file='img_idx/train_NUDT-SIRST.txt')
synthetic = dict(
    type='mmirstd.SIRSTDataset', data_root=data_root + '/synthetic', ann_file='img_idx/train_SYNTHETIC.txt'
)
drone_ir_masks = dict(
    type='mmirstd.SIRSTDataset',
    data_root=data_root + '/Drone-IR-masks',
    ann_file='train.txt',
)
drone_ir = dict(
    type='mmirstd.ClipDataset',
    data_root=data_root + '/Drone-IR',
    ann_file='instances_train2017.json',
    num_frames=1,
    key_every=3,
    filter_cfg=dict(filter_empty_gt=True),  # a frame without label may hold what nobody labeled
)

# As configs/_base_/datasets/nuaa-nudt-synthetic.py has them, where nothing is changed.
gain = [dict(type='mmirstd.RandomGain', prob=p_gain)] if p_gain else []
rescale = dict(type='mmirstd.RandomRescale', prob=0.6 if strong else 0.3, ratio=(0.5, 2.0) if strong else (0.7, 1.8))
crop = dict(type='mmirstd.TargetAwareCrop', size=_base_.crop_size, p_target=0.8, p_free=p_free)
turns = [
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='RandomFlip', prob=0.5, direction='vertical'),
    dict(type='mmirstd.RandomTranspose', prob=0.5),
]
copied = dict(type='mmirstd.TargetCopyPaste', prob=0.5)
tone = [
    dict(type='mmirstd.RandomGamma', prob=0.2),
    dict(type='mmirstd.RandomBrightnessContrast', prob=0.5, brightness=0.1, contrast=0.3),
    *([dict(type='mmirstd.RandomPolarity', prob=p_polarity)] if p_polarity else []),
]
blur = dict(type='mmirstd.RandomBlur', prob=0.2 if strong else 0.1)
noise = [
    dict(type='mmirstd.RandomSensorNoise', prob=0.6 if strong else 0.3, sigma=(0.0, 0.03 if strong else 0.015)),
    dict(type='mmirstd.RandomStripes', prob=0.2 if strong else 0.1),
]
defects = [dict(type='mmirstd.RandomDefects', prob=p_defects)] if p_defects else []
pack = dict(type='PackSegInputs', meta_keys=_base_.meta_keys)

reading = dict(normalize=normalize) if normalize else {}
load = [dict(type='mmirstd.LoadInfraredImage', **reading), dict(type='mmirstd.LoadTargetMask'), *gain]
augmentation = [*turns, *tone, blur, *noise, *defects, pack]
nuaa_pipeline = [*load, rescale, crop, copied, *augmentation]
# NUDT-SIRST's masks lie to one side: neither turned, resized nor blurred.
nudt_pipeline = [*load, crop, *tone, *noise, *defects, pack]
synthetic_pipeline = [
    dict(type='mmirstd.LoadInfraredImage', **(reading or dict(bit_depth=14))),
    dict(type='mmirstd.LoadTargetMask'),
    *gain,
    rescale,
    crop,
    *augmentation,
]
# Boxes of Drone-IR may be narrow, hence the margin.
free_crop = dict(type='mmirstd.TargetAwareCrop', size=_base_.crop_size, p_free=1.0, margin=12)
drone_ir_pipeline = [
    dict(type='mmirstd.LoadClip', **reading),
    dict(type='mmirstd.LoadClipMasks', frames='key', boxes='fill'),
    *gain,
    rescale,
    free_crop,
    *augmentation,
]

# With Drone-IR held out, the shipped checkpoint is trained on: its held-out images stay held out.
whole = held_out != 'drone_ir'
real = [
    *(
        [dict(pipeline=nuaa_pipeline, holdout=None if whole else dict(num=34, seed=0, part='train'), **nuaa)]
        if held_out != 'nuaa'
        else []
    ),
    *(
        [dict(pipeline=nudt_pipeline, holdout=None if whole else dict(num=66, seed=0, part='train'), **nudt)]
        if held_out != 'nudt'
        else []
    ),
]
sources = dict(
    type='ConcatDataset',
    ignore_keys=['classes', 'palette', 'label_map', 'reduce_zero_label'],  # Drone-IR's boxes know no background
    datasets=[
        *real,
        dict(pipeline=synthetic_pipeline, **synthetic),
        *([dict(pipeline=drone_ir_pipeline, **drone_ir)] if backgrounds else []),
        *([dict(pipeline=nuaa_pipeline, **drone_ir_masks)] if drone_ir_targets else []),
    ],
)
train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        _delete_=True,
        **(sources if hard is None else dict(type='mmirstd.HardNegativeDataset', dataset=sources, share=hard)),
    ),
)
test_pipeline = [
    dict(_base_.test_pipeline[0], **reading),
    *(
        []
        if test_gain is None
        else [
            dict(
                type='mmirstd.RandomGain',
                prob=1.0,
                gain=(test_gain, test_gain),
                offset=(0.3, 0.3),
                bit_depths=[14],
            )
        ]
    ),
    *_base_.test_pipeline[1:],
]
test_dataloader = dict(
    dataset=dict(
        pipeline=test_pipeline,
        **(nudt if held_out == 'nudt' else nuaa if held_out == 'nuaa' else drone_ir_masks),
        mask_size_mismatch='resize',
    )
)
test_evaluator = dict(type='mmirstd.IRSTDMetric', at_pd=(0.7, 0.9))
if at_home:
    test_dataloader = dict(
        dataset=dict(
            _delete_=True,
            type='ConcatDataset',
            datasets=[
                dict(
                    pipeline=test_pipeline,
                    test_mode=True,
                    mask_size_mismatch='resize',
                    holdout=dict(num=count, seed=0, part='val'),
                    **source,
                )
                for source, count in ((nuaa, 34), (nudt, 66))
            ],
        )
    )
# The last checkpoint counts.
val_dataloader = None
val_cfg = None
val_evaluator = None

# Generated scenes of the defaults, no real image; with Drone-IR held out what is shipped, which never saw that.
start = ('work_dirs/ggl-net-slim_' if slim else '{{ fileDirname }}/../../configs/ggl_net/weights/ggl-net-tiny_') + (
    'synthetic-pretraining.pth' if whole else 'nuaa-nudt-synthetic.pth'
)
load_from = None if random_start else start
channels = [16, 32, 64, 128, 128] if slim else [width * 2**i for i in range(5)]
model = dict(
    backbone=dict(base_channels=channels[0], max_channels=128 if slim else None),
    neck=dict(in_channels=channels, ratio=channels[0] // 2),
    decode_head=dict(
        in_channels=channels[0],
        channels=channels[0],
        loss_decode=[
            dict(type='mmirstd.SoftIoULoss', loss_weight=0.5, loss_name='loss_soft_iou'),
            dict(type='mmirstd.SoftIoULoss', loss_weight=0.5, loss_name='loss_batch_soft_iou', per_sample=False),
        ],
    ),
)
optim_wrapper = dict(optimizer=dict(lr=1.5e-3))
param_scheduler = [dict(type='OneCycleLR', eta_max=1.5e-3, pct_start=0.15, by_epoch=True, convert_to_iter_based=True)]
# About as many steps for all: 541 and 863 windows an epoch, 143 or 335 more with Drone-IR, a ninth more with hard
# negatives; 1104 with Drone-IR held out.
more = backgrounds or drone_ir_targets
epochs = dict(nudt=4 if more else 5, nuaa=3, drone_ir=4)
train_cfg = dict(_delete_=True, type='EpochBasedTrainLoop', max_epochs=length * epochs[held_out])
default_hooks = dict(
    checkpoint=dict(save_best=None),
    **({} if hard is None else dict(hard_negatives=dict(type='mmirstd.HardNegativeHook', max_images=120))),
)
# The average spans about 100 steps, a third of the training.
custom_hooks = [
    dict(type='mmirstd.ChannelsLastHook'),
    *([dict(type='EMAHook', momentum=1e-2, update_buffers=True)] if average else []),
]

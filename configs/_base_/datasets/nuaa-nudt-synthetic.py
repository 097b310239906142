# The training lists of NUAA-SIRST 341/86 and NUDT-SIRST 663/664 together with generated scenes: for a model that is to
# work on images of other sensors, with the augmentation that this asks for.  All three lie below one root:
#   data/NUAA-SIRST  data/NUDT-SIRST  data/synthetic, which this makes:
#   python tools/dataset_converters/make_synthetic.py data/synthetic --num-train 200 --num-val 60 --num-test 40 \
#       --bit-depth 14 --seed 7 --parameters configs/_base_/synthetic/pretraining.json
# Validation: the images of the two real training lists that are held out, as in the data sets' own configs.
# Test: NUAA-SIRST's images; the other list by its own config (configs/ggl_net/README.md).
_base_ = ['./sirst_pipelines.py']

data_root = 'data'  # another root for all: --cfg-options data_root=PATH
nuaa = dict(
    type='mmirstd.SIRSTDataset',
    data_root=data_root + '/NUAA-SIRST',
    ann_file=['img_idx/idx427_trainval.txt', 'idx_427/trainval.txt'],
)
nudt = dict(type='mmirstd.SIRSTDataset', data_root=data_root + '/NUDT-SIRST', ann_file='img_idx/train_NUDT-SIRST.txt')
synthetic = dict(
    type='mmirstd.SIRSTDataset', data_root=data_root + '/synthetic', ann_file='img_idx/train_SYNTHETIC.txt'
)

rescale = dict(type='mmirstd.RandomRescale', prob=0.3, ratio=(0.7, 1.8))
blur = dict(type='mmirstd.RandomBlur', prob=0.1)
turn = dict(type='mmirstd.RandomTurn')
augmentation = [
    dict(type='mmirstd.LoadTargetMask'),
    rescale,
    dict(type='mmirstd.TargetAwareCrop', size=_base_.crop_size, p_target=0.8),
    turn,
    dict(type='mmirstd.RandomGamma', prob=0.2),
    dict(type='mmirstd.RandomBrightnessContrast', prob=0.5, brightness=0.1, contrast=0.3),
    blur,
    dict(type='mmirstd.RandomSensorNoise', prob=0.3, sigma=(0.0, 0.015)),
    dict(type='mmirstd.RandomStripes', prob=0.1),
    dict(type='PackSegInputs', meta_keys=_base_.meta_keys),
]
train_pipeline = [dict(type='mmirstd.LoadInfraredImage'), *augmentation]
# Large targets are rare in NUAA-SIRST and cost it most (configs/ggl_net/recipe.md).
nuaa_pipeline = [*train_pipeline[:4], dict(type='mmirstd.TargetCopyPaste', prob=0.5), *train_pipeline[4:]]
# NUDT-SIRST's masks lie above and left of what is seen, for a quarter of its targets by half a pixel or more, hardly
# ever to the other side (tools/analysis_tools/target_statistics.py). Turned images would teach that it may be any side.
nudt_pipeline = [step for step in train_pipeline if step not in (rescale, blur, turn)]
# 16-bit files of the generator hold 14-bit codes.
synthetic_pipeline = [dict(type='mmirstd.LoadInfraredImage', bit_depth=14), *augmentation]

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ConcatDataset',
        datasets=[
            dict(pipeline=nuaa_pipeline, holdout=dict(num=34, seed=0, part='train'), **nuaa),
            dict(  # four times an epoch: seen twice, its images were not fitted (configs/ggl_net/weights/README.md)
                type='RepeatDataset',
                times=4,
                dataset=dict(pipeline=nudt_pipeline, holdout=dict(num=66, seed=0, part='train'), **nudt),
            ),
            dict(pipeline=synthetic_pipeline, **synthetic),
        ],
    )
)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ConcatDataset',
        datasets=[
            dict(pipeline=_base_.test_pipeline, test_mode=True, holdout=dict(num=34, seed=0, part='val'), **nuaa),
            dict(pipeline=_base_.test_pipeline, test_mode=True, holdout=dict(num=66, seed=0, part='val'), **nudt),
        ],
    )
)
test_dataloader = dict(
    dataset=dict(
        data_root=nuaa['data_root'],
        ann_file=['img_idx/idx427_test.txt', 'idx_427/test.txt'],
        mask_size_mismatch='resize',
    )
)

# DeepPro with its authors' schedule.
_base_ = [
    '../_base_/models/clip_segmentor.py',
    '../_base_/datasets/nudt-mirsdt-masks.py',
    '../_base_/default_runtime.py',
]

# DeepPro: small targets as anomalies in the time profile of a pixel, 40 frames, 49 thousand parameters.
num_frames = 40

model = dict(
    # Its authors standardize with NUDT-MIRSDT's mean and deviation (of 255: 105.4025 and 26.6452).
    data_preprocessor=dict(size_divisor=4, mean=[0.413343], std=[0.104491]),
    num_frames=num_frames,
    supervised='all',
    backbone=dict(type='mmirstd.FrameInput', in_channels=1, divisor=4),
    temporal_neck=dict(type='mmirstd.DeepProNeck', num_frames=num_frames),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=8,
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=dict(type='mmirstd.SoftIoULoss', smooth=0),  # of the whole clip
    ),
    test_cfg=dict(frames='all'),
)

# The schedule of TinaLRJ/DeepPro (train.py): Adam, learning rate times 0.7 every 10 of 32 epochs.  The official code
# draws a tenth of all windows in an epoch; here each tenth frame is a key frame.
train_dataloader = dict(batch_size=4, dataset=dict(num_frames=num_frames, key_every=10))
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3, weight_decay=1e-4))
param_scheduler = [dict(type='StepLR', step_size=10, gamma=0.7, by_epoch=True)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=32, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

# As the official test: all frames of windows that overlap by 4.  Frame by frame instead, which is dearer and sees no
# future: --cfg-options model.test_cfg.frames=key test_dataloader.dataset.num_frames=1
#     test_dataloader.dataset.streaming=True test_dataloader.dataset.window_step=None
windows = dict(num_frames=num_frames, streaming=False, window_step=36)
val_dataloader = dict(dataset=windows)
test_dataloader = dict(dataset=windows)

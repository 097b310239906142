# RISTDnet (IEEE GRSL 2022) with BasicIRSTD's schedule.
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/basicirstd_adam-400e.py',
    '../_base_/default_runtime.py',
]

# RISTDnet (Hou et al., IEEE GRSL 2022) in BasicIRSTD's form.
model = dict(
    data_preprocessor=dict(size_divisor=8),
    backbone=dict(type='mmirstd.RISTDNet', in_channels=1),
    decode_head=dict(
        type='mmirstd.PixelShuffleHead',
        in_channels=768,
        upscale=8,
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)

train_dataloader = dict(batch_size=16)

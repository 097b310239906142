# MLCL-Net with the schedule of the authors' code base (YuChuang1205/MSDA-Net).
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/ggl-net_adam-500e.py',
    '../_base_/default_runtime.py',
]

# MLCL-Net (Yu et al., Infrared Physics & Technology 2022): three residual stages at full resolution and below,
# multi-scale local contrast on each, levels added up.
channels = [16, 32, 64]
model = dict(
    data_preprocessor=dict(size_divisor=4),
    backbone=dict(type='mmirstd.ResidualEncoder', in_channels=1, channels=channels),
    neck=dict(type='mmirstd.MLCLNeck', in_channels=channels, out_channels=64),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=64,
        channels=64,
        # PyTorch's own for the last convolution, as in the official code; mmcv's for the hidden one, unlike there
        init_cfg=None,
        loss_decode=dict(type='mmirstd.SoftIoULoss'),
    ),
)

train_dataloader = dict(batch_size=4)

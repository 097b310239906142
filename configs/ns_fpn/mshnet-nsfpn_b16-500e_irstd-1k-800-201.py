# MSHNet with NS-FPN and its official schedule (mengduann/NS-FPN, arXiv 2508.06878).
_base_ = ['../mshnet/mshnet_b4-400e_irstd-1k-800-201.py']

# MSHNet with NS-FPN (CVPR 2026, arXiv 2508.06878) between encoder and decoder, on all levels but the finest.
channels = [16, 32, 64, 128, 256]
width = 64
# PyTorch's own start, as in the official code; the linear layers of the sampling have theirs.
model = dict(
    backbone=dict(init_cfg=dict(_delete_=True, type='mmirstd.PyTorchInit', within='CBAMResidualEncoder')),
    neck=[
        dict(
            type='mmirstd.SkipPyramid',
            start_level=1,
            pyramid=dict(
                type='mmirstd.NSFPN',
                in_channels=channels[1:],
                out_channels=width,
                num_outs=4,
                init_cfg=dict(type='mmirstd.PyTorchInit', within=['NSFPN', 'ConvModule'], without='SpiralSampling'),
            ),
        ),
        dict(
            type='mmirstd.ResUNetNeck',
            in_channels=[channels[0], *[width] * 4],
            out_channels=channels[:4],
            num_blocks=[1, 2, 2, 2],
            cbam_ratio=16,
            init_cfg=dict(type='mmirstd.PyTorchInit', within='ResUNetNeck'),
        ),
    ],
    decode_head=dict(init_cfg=dict(_delete_=True, type='mmirstd.PyTorchInit', within='WarmUpHead')),
)

train_dataloader = dict(batch_size=16)
train_cfg = dict(max_epochs=500)

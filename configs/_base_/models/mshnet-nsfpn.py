# MSHNet with NS-FPN (CVPR 2026, arXiv 2508.06878) between encoder and decoder, on all levels but the finest.
_base_ = ['./mshnet.py']

channels = [16, 32, 64, 128, 256]
width = 64
model = dict(
    neck=[
        dict(
            type='mmirstd.SkipPyramid',
            start_level=1,
            pyramid=dict(type='mmirstd.NSFPN', in_channels=channels[1:], out_channels=width, num_outs=4),
        ),
        dict(
            type='mmirstd.ResUNetNeck',
            in_channels=[channels[0], *[width] * 4],
            out_channels=channels[:4],
            num_blocks=[1, 2, 2, 2],
            cbam_ratio=16,
            init_cfg={{_base_.uniform}},
        ),
    ]
)

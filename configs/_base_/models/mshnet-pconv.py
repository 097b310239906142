# MSHNet whose first block has two pinwheel-shaped convolutions, with the scale-based dynamic loss (arXiv 2412.16986).
_base_ = ['./mshnet.py']

model = dict(
    backbone=dict(pinwheel_sizes=[4, 3]),
    decode_head=dict(
        loss_decode=dict(_delete_=True, type='mmirstd.SDMaskLoss', warm_epoch={{_base_.warm_epoch}}),
    ),
)

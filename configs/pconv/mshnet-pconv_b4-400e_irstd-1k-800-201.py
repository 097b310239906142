# MSHNet with PConv and the SD loss (JN-Yang/PConv-SDloss-Data, arXiv 2412.16986): 400 epochs at 256 pixels, as its
# authors say; no training script was released, so optimizer and batch are MSHNet's.
_base_ = ['../mshnet/mshnet_b4-400e_irstd-1k-800-201.py']

# MSHNet whose first block has two pinwheel-shaped convolutions, with the scale-based dynamic loss (arXiv 2412.16986).
model = dict(
    backbone=dict(pinwheel_sizes=[4, 3]),
    decode_head=dict(
        loss_decode=dict(_delete_=True, type='mmirstd.SDMaskLoss', warm_epoch={{_base_.warm_epoch}}),
    ),
)

# ACM-U-Net (arXiv 2009.14530) in the form of Tianfang-Zhang/acm-pytorch: transposed convolutions, blocks on the way up.
_base_ = ['./acm-fpn.py']

model = dict(neck=dict(upsample='deconv', num_blocks=[4, 4]))

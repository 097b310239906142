# DNANet (arXiv 2106.00487), ResNet-18 form: [2, 2, 2, 2] blocks and 16 to 256 channels.
_base_ = ['./segmentor.py']

channels = [16, 32, 64, 128, 256]
# As in the official code: Xavier for the weights of every convolution, PyTorch's own for the biases.
xavier = [
    dict(type='Xavier', layer='Conv2d', distribution='normal'),
    dict(type='mmirstd.PyTorchInit', within=['CBAMResidualEncoder', 'DenseNestedNeck', 'IRSTDHead'], weights=False),
]
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(
        type='mmirstd.CBAMResidualEncoder',
        in_channels=1,
        channels=channels,
        num_blocks=[1, 2, 2, 2, 2],
        init_cfg=xavier,
    ),
    neck=dict(type='mmirstd.DenseNestedNeck', in_channels=channels, num_blocks=[1, 2, 2, 2], init_cfg=xavier),
    # Deep supervision of the finest row: the mean of the soft IoU of four predictions, the fused one first.
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=[16, 16, 16, 16],
        in_index=[0, 1, 2, 3],
        level_weights=[0.25, 0.25, 0.25, 0.25],
        init_cfg=xavier,
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)

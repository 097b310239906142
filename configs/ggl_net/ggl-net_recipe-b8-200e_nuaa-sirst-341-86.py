# The paper's widths with our recipe, for a GPU (benchmarks/ggl-net-gpu.yml): copied targets, half of the loss over the
# batch, one long cycle; from random weights, as there is no start of these widths.
_base_ = ['./ggl-net-tiny_pretrained-b8-70e_nuaa-sirst-341-86.py']

load_from = None

base_channels = 16
model = dict(
    backbone=dict(base_channels=base_channels),
    neck=dict(_delete_=True, type='mmirstd.TGFM', in_channels=[base_channels * 2**i for i in range(5)]),
    decode_head=dict(in_channels=base_channels, channels=base_channels),
)

train_cfg = dict(max_epochs=200)

# GGL-Net slim on three real sources and generated scenes (abroad.md): 16 channels where images are large, as the paper,
# and at most 128.
_base_ = ['./ggl-net-tiny_pretrained-b8-4e_nuaa-nudt-drone-ir-synthetic.py']

# 4.1 million parameters; with the paper's widths to the end it would be 9.0 million.
channels = [16, 32, 64, 128, 128]
model = dict(
    backbone=dict(base_channels=16, max_channels=128),
    neck=dict(in_channels=channels, ratio=8),
    decode_head=dict(in_channels=16, channels=16),
)

# The widened weights of the narrow network, which compute the same:
#   python benchmarks/abroad/widen.py configs/ggl_net/weights/ggl-net-tiny_nuaa-nudt-drone-ir-synthetic.pth \
#       work_dirs/ggl-net-slim_nuaa-nudt-drone-ir-synthetic.pth
load_from = 'work_dirs/ggl-net-slim_nuaa-nudt-drone-ir-synthetic.pth'

train_cfg = dict(max_epochs=8)

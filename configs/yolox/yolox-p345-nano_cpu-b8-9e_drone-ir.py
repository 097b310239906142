# The single-frame baseline with three levels out (yolox-p345_b4-20e_daub.py), half the widths, CPU schedule.
_base_ = ['./yolox-nano_cpu-b8-9e_drone-ir.py']

model = dict(neck=dict(out_levels=[0, 1, 2]), bbox_head=dict(strides=[8, 16, 32]))

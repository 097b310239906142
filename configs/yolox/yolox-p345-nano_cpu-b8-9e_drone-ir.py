# The single-frame baseline with all three levels of the pyramid out and a head on each (strides 8, 16, 32), as in
# YOLOX; half the widths, CPU schedule.  DGR's gate needs two or more outputs.
_base_ = ['./yolox-nano_cpu-b8-9e_drone-ir.py']

model = dict(neck=dict(out_levels=[0, 1, 2]), bbox_head=dict(strides=[8, 16, 32]))

# From the weights that were trained on generated scenes fitted to real targets.
_base_ = ['../../configs/ggl_net/ggl-net-tiny_cpu-b8-45e_nuaa-sirst-341-86.py']

load_from = '{{ fileDirname }}/../../configs/ggl_net/weights/ggl-net-tiny_synthetic-fitted.pth'

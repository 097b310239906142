# Generated scenes alone, to start from (and for the zero-shot figures in README.md): 1200 scenes of 256x256,
#   python tools/dataset_converters/make_synthetic.py data/synthetic-1200 --num-train 1200 --num-val 60 --num-test 4 \
#       --bit-depth 8 --seed 11
_base_ = [
    '../_base_/models/ggl-net-tiny.py',
    '../_base_/datasets/synthetic.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]

data_root = 'data/synthetic-1200'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
# Over the batch: many windows hold no target (README.md, "Soft IoU can collapse").
model = dict(decode_head=dict(loss_decode=dict(per_sample=False)))
train_cfg = dict(max_epochs=8, val_interval=2)

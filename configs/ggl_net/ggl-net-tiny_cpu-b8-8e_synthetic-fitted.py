# As ggl-net-tiny_cpu-b8-8e_synthetic-pretraining.py, on scenes fitted to real targets (weights/README.md).
_base_ = [
    '../_base_/models/ggl-net-tiny.py',
    '../_base_/datasets/synthetic-fitted.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=8)
# Over the batch: many windows hold no target (recipe.md, "Soft IoU can collapse").
model = dict(decode_head=dict(loss_decode=dict(per_sample=False)))
train_cfg = dict(max_epochs=8, val_interval=2)

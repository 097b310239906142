# default_runtime.py plus Weights & Biases: curves, and at each validation pictures with magnified targets
# (docs/training.md).
# In a config's _base_, write this file in place of default_runtime.py. For any config as it is:
# tools/train.py --vis wandb
_base_ = ['../default_runtime.py']

default_hooks = dict(visualization=dict(draw_val=True))
# The local backend stays: tools/benchmark.py reads its scalars.json.
visualizer = dict(
    vis_backends=[
        dict(type='LocalVisBackend'),
        dict(type='mmirstd.WandbVisBackend', init_kwargs=dict(project='mmirstd')),
    ]
)

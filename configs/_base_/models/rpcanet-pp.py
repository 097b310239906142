# RPCANet++ (arXiv 2508.04190) with six stages: a memory along the stages and a 17x17 contrast prior.
_base_ = ['./rpcanet.py']

model = dict(backbone=dict(type='mmirstd.RPCANetPP'))

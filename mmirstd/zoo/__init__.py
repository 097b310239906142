"""The zoo: what each network costs, whether it equals its official code, what it reaches, and how to find one."""

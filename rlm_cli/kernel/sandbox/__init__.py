"""What confines a kernel: which tiers this machine has, and the policy of each as plain data.

It decides and describes. What the policy says is carried out by bubblewrap or Seatbelt, and by
`rlm_cli.inkernel.confining` in the kernel's own process.
"""

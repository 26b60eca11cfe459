"""Which tensor of a file goes where in a network, by name and by structure, and what is said of it.

Names and shapes alone decide, so that nothing here needs torch.
"""

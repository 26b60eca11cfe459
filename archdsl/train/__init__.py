"""Training on PyTorch Lightning, which has the devices, precisions and strategies. Here stands what it doesn't have."""

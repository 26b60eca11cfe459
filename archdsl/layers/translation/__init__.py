"""Layers as PyTorch, Keras, Darknet and papers write them, in the words of the language.

The words stand beside each layer's class, in `elsewhere`; this package reads them, and only where there is a mistake or
somebody asks.
"""

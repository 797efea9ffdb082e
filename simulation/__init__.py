"""A plant on one machine: real processes for trying, demonstrating and proving the product.

What may enter: anything of ours. Nothing of ours may import it; a Pi image leaves it out.
"""

"""What an update of a stack from one template to another does to its resources, from the templates alone.

Nothing here calls AWS. What the templates do not determine is unknown, and said so.
"""

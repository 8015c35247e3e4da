"""From what people say to data: who labels what next, how far they agree, what leaves.

Responsible for the rules of labelling: splits, strategies, consensus, agreement, file formats.
Must not know the database, a page or a model.
"""

"""Trained models: their manifests, which of them is in use, and the way back.

Responsible for model folders and the pointer to the promoted one. Must not know how a model is
trained, nor the database.
"""

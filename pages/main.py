"""The script a session runs; it only calls the entry in app.py (see there why)."""

from app import main

main()

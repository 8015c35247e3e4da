"""The app's pages: one file each, which draws and reads widgets; shared parts in `common`."""

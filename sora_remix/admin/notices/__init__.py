"""Notices above the app's pages: problems that hold remixes up, and decisions that are due."""

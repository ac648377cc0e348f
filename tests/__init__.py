"""Tests read as the promise being kept."""

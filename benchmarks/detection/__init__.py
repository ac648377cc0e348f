"""How well breaches are found and how rarely they are cried falsely, beside detectors that others use: docs/detection.md."""

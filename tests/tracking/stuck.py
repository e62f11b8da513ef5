"""Stands in for the process of MLflow: it takes a run and never answers."""

import sys

sys.stdin.readline()
sys.stdin.read()

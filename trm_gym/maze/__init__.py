"""Mazes of size 5 to 65: mark a shortest path."""

from trm_gym.maze.task import MazeTask

__all__ = ["MazeTask"]

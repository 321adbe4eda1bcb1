"""`tay demo`: a scripted week of several people, through the real pipeline, store and weave."""

from tay_middleware.demo.play import play
from tay_middleware.demo.script import SCENES, Scene

__all__ = ["SCENES", "Scene", "play"]

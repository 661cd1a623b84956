"""What tests ask beside Python's own code: Node, Kotlin, MediaPipe, LiteRT, and a second way to compute."""

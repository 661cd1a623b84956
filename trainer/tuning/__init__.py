"""The search for a recipe: `python -m trainer tune`. Ray runs the trials, Optuna proposes them."""

"""What happens to outputs when something goes wrong."""

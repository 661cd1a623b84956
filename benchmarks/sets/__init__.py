"""What is learned from and tested on."""
